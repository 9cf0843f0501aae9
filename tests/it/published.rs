//! What a server publishes beside names and schemas: pages, how long they hold, icons, `_meta`, apps.

use std::time::{Duration, UNIX_EPOCH};

use mcp::testing::Client;
use mcp::{
    CacheScope, Content, Context, Extract, Headers, Icon, Image, Json, Link, Needs, Principal,
    ResourceContents, State, Theme, ToolError, WithMeta,
};
use serde_json::{Value, json};

use crate::wire::{STATEFUL, Wire};

/// Is one of five.
#[mcp::tool(
    icon = "https://example.com/a.png",
    icon = "data:image/png;base64,AA",
    meta = { "com.example/team": "billing \"A\"", "list": [1, -2.5, 1e3, true, null, {"x": "ü\n"}] },
)]
async fn alpha() -> &'static str {
    "a"
}

/// Is one of five.
#[mcp::tool]
async fn beta() -> &'static str {
    "b"
}

/// Is one of five.
#[mcp::tool]
async fn delta() -> &'static str {
    "d"
}

/// Is one of five.
#[mcp::tool]
async fn epsilon() -> &'static str {
    "e"
}

/// Is one of five.
#[mcp::tool]
async fn gamma() -> &'static str {
    "g"
}

/// A page that everybody may keep.
#[mcp::resource("docs://one", ttl = 30, public, icon = "https://example.com/r.png", meta = { "example.com/x": 1 })]
async fn one(_unit: State<Duration>) -> WithMeta<ResourceContents> {
    WithMeta::new(ResourceContents::text("1").meta("com.example/item", 1)).meta("com.example/read", true)
}

/// A page that is nobody else's.
#[mcp::resource("docs://two")]
async fn two() -> &'static str {
    "2"
}

/// A page for each number.
#[mcp::resource("docs://n/{number}", audience = "user", priority = 0.5, icon = "https://example.com/t.png")]
async fn page(number: u32) -> String {
    number.to_string()
}

/// Asks.
#[mcp::prompt(icon = "https://example.com/p.png", meta = { "com.example/p": {} })]
async fn ask() -> WithMeta<&'static str> {
    WithMeta::new("?").meta("com.example/asked", 1)
}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Sum {
    sum: u32,
}

/// Gives a result with `_meta`.
#[mcp::tool]
async fn metered() -> Result<WithMeta<Json<Sum>>, ToolError> {
    let result = WithMeta::new(Json(Sum { sum: 3 })).meta("com.example/cost", 0.5);
    Ok(result.meta("io.modelcontextprotocol/serverInfo", "forged").meta("not a name", 1))
}

/// Gives blocks with `_meta` and the time of their last change.
#[mcp::tool]
async fn blocks() -> [Content; 4] {
    [
        Content::text("t")
            .meta("com.example/n", 1)
            .last_modified(UNIX_EPOCH + Duration::from_secs(1_736_694_058)),
        Content::from(Image::png(b"x")).meta("com.example/n", 2),
        Content::from(Link::new("docs://one", "one")).meta("com.example/n", 3),
        Content::from(ResourceContents::text("r").uri("docs://x").meta("com.example/inner", 5))
            .meta("com.example/n", 4),
    ]
}

/// Tells the trace.
#[mcp::tool]
async fn trace(cx: Context) -> String {
    format!("{:?} {:?} {:?}", cx.trace_parent(), cx.trace_state(), cx.baggage())
}

fn builder() -> mcp::ServerBuilder {
    mcp::server!()
        .explicit()
        .tool::<alpha>()
        .tool::<beta>()
        .tool::<gamma>()
        .tool::<delta>()
        .tool::<epsilon>()
        .resource::<one>()
        .resource::<two>()
        .resource::<page>()
        .prompt::<ask>()
        .state(Duration::ZERO)
}

fn names(page: &Value, list: &str) -> Vec<String> {
    let items = page[list].as_array().unwrap();
    items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_comes_in_pages_that_outlive_a_change_of_what_is_offered() {
    let server = builder().page_size(2).build().unwrap();
    for client in [Client::stateless(&server), Client::stateful(&server).await.unwrap()] {
        let mut params = json!({});
        let mut pages = Vec::new();
        loop {
            let page = client.request("tools/list", params).await.unwrap();
            pages.push(names(&page, "tools"));
            let Some(cursor) = page.get("nextCursor") else { break };
            params = json!({"cursor": cursor});
        }
        assert_eq!(pages, [vec!["alpha", "beta"], vec!["delta", "epsilon"], vec!["gamma"]]);
        assert_eq!(client.tools().await.unwrap().len(), 5);
    }

    let client = Client::stateless(&server);
    let first = client.request("tools/list", json!({})).await.unwrap();
    let second = client.request("tools/list", json!({"cursor": first["nextCursor"]})).await.unwrap();
    for hint in ["ttlMs", "cacheScope"] {
        assert_eq!(first[hint], second[hint]);
    }
    let without_beta =
        mcp::server!().explicit().tool::<alpha>().tool::<gamma>().page_size(2).build().unwrap();
    let fewer = Client::stateless(&without_beta);
    let rest = fewer.request("tools/list", json!({"cursor": first["nextCursor"]})).await.unwrap();
    assert_eq!(names(&rest, "tools"), ["gamma"], "beta is gone, and what comes after it is not");

    let resources = client.request("resources/list", json!({})).await.unwrap();
    assert_eq!(resources.get("nextCursor"), None, "a list that ends with its page has no more");
    for (method, cursor) in [
        ("tools/list", json!("")),
        ("tools/list", json!("nonsense")),
        ("tools/list", json!("!!!")),
        ("tools/list", Value::Null),
        ("tools/list", json!(5)),
        ("prompts/list", first["nextCursor"].clone()),
        ("resources/list", first["nextCursor"].clone()),
        ("resources/templates/list", first["nextCursor"].clone()),
    ] {
        let refused = client.request(method, json!({"cursor": cursor})).await.unwrap_err();
        assert_eq!(refused.code, -32602, "{method} {cursor}");
        assert!(refused.message.contains("\"cursor\" is invalid"), "{refused}");
    }
}

#[tokio::test]
async fn what_may_be_kept_and_by_whom_is_what_the_author_says() {
    let hints = |result: &Value| (result["ttlMs"].clone(), result["cacheScope"].clone());
    let lists =
        ["server/discover", "tools/list", "resources/list", "resources/templates/list", "prompts/list"];

    let plain = Client::stateless(&builder().build().unwrap());
    for method in lists {
        let result = plain.request(method, json!({})).await.unwrap();
        assert_eq!(hints(&result), (json!(60_000), json!("private")), "{method}");
    }
    let shared = builder().list_ttl(Duration::from_millis(1500)).cache_scope(CacheScope::Public);
    let shared = Client::stateless(&shared.build().unwrap());
    for method in lists {
        let result = shared.request(method, json!({})).await.unwrap();
        assert_eq!(hints(&result), (json!(1500), json!("public")), "{method}");
    }
    for (uri, ttl, scope) in [("docs://one", 30_000, "public"), ("docs://two", 0, "private")] {
        let read = shared.request("resources/read", json!({"uri": uri})).await.unwrap();
        assert_eq!(hints(&read), (json!(ttl), json!(scope)), "{uri}");
    }
    let forever = Client::stateless(&builder().list_ttl(Duration::MAX).build().unwrap());
    let result = forever.request("tools/list", json!({})).await.unwrap();
    assert_eq!(result["ttlMs"], json!((1_u64 << 53) - 1));
}

struct Tenant;

impl Extract for Tenant {
    fn needs(needs: &mut Needs<'_>) {
        State::<Duration>::needs(needs);
    }

    async fn extract(_: &Context) -> Result<Self, ToolError> {
        Ok(Self)
    }
}

struct Clock;

impl Extract for Clock {
    const SAME_FOR_ALL: bool = true;

    async fn extract(_: &Context) -> Result<Self, ToolError> {
        Ok(Self)
    }
}

macro_rules! public_pages {
    ($($name:ident($uri:literal, $argument:ty))*) => {$(
        /// Is given to everybody.
        #[mcp::resource($uri, public)]
        async fn $name(_it: $argument, _clock: Clock) -> &'static str {
            "for everybody"
        }
    )*};
}

public_pages! {
    by_principal("docs://by/principal", Principal)
    by_headers("docs://by/headers", Headers)
    by_context("docs://by/context", Context)
    by_tenant("docs://by/tenant", Tenant)
    by_clock("docs://by/clock", Clock)
}

#[test]
fn what_tells_callers_apart_is_not_kept_for_everybody() {
    let broken = mcp::server!()
        .explicit()
        .state(Duration::ZERO)
        .resource::<by_principal>()
        .resource::<by_headers>()
        .resource::<by_context>()
        .resource::<by_tenant>()
        .resource::<by_clock>()
        .build()
        .unwrap_err();
    let said = broken.problems().join("\n");
    for (function, what) in [
        ("by_principal", "Principal"),
        ("by_headers", "Headers"),
        ("by_context", "Context"),
        ("by_tenant", "Tenant"),
    ] {
        let problem = broken.problems().iter().find(|problem| problem.contains(function)).unwrap();
        assert!(problem.contains("`public` lets caches") && problem.contains(what), "{problem}");
        assert!(problem.contains("tests/it/published.rs:"), "{problem}");
    }
    assert_eq!(broken.problems().len(), 4, "{said}");
}

#[tokio::test]
async fn icons_and_meta_are_published_where_the_revision_knows_them() {
    let icon = Icon::new("https://example.com/s.png").mime("image/png").sizes(["48x48"]).theme(Theme::Dark);
    let server = builder().icon(icon).icon(Icon::new("data:,x")).build().unwrap();
    let modern = Client::stateless(&server);
    let found = modern.request("server/discover", json!({})).await.unwrap();
    let icons = json!([
        {"src": "https://example.com/s.png", "mimeType": "image/png", "sizes": ["48x48"], "theme": "dark"},
        {"src": "data:,x"},
    ]);
    assert_eq!(found["_meta"]["io.modelcontextprotocol/serverInfo"]["icons"], icons);
    for client in [modern, Client::stateful(&server).await.unwrap()] {
        let tools = client.tools().await.unwrap();
        let sources = json!([{"src": "https://example.com/a.png"}, {"src": "data:image/png;base64,AA"}]);
        assert_eq!(tools[0]["icons"], sources);
        let meta = json!({
            "com.example/team": "billing \"A\"",
            "list": [1, -2.5, 1e3, true, null, {"x": "ü\n"}],
        });
        assert_eq!(tools[0]["_meta"], meta);
        assert_eq!((tools[1].get("icons"), tools[1].get("_meta")), (None, None));
        let resources = client.resources().await.unwrap();
        assert_eq!(resources[0]["icons"], json!([{"src": "https://example.com/r.png"}]));
        assert_eq!(resources[0]["_meta"], json!({"example.com/x": 1}));
        assert_eq!(resources[0].get("annotations"), None);
        let templates = client.templates().await.unwrap();
        assert_eq!(templates[0]["annotations"], json!({"audience": ["user"], "priority": 0.5}));
        assert_eq!(templates[0]["icons"], json!([{"src": "https://example.com/t.png"}]));
        let prompts = client.prompts().await.unwrap();
        assert_eq!(prompts[0]["icons"], json!([{"src": "https://example.com/p.png"}]));
        assert_eq!(prompts[0]["_meta"], json!({"com.example/p": {}}));
    }

    for (revision, icons) in [("2025-06-18", false), (STATEFUL, true)] {
        let mut wire = Wire::connect_to(crate::wire::Over::Memory, &server).await;
        let hello = json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        let hello = wire.ask_in_session(1, "initialize", hello).await;
        assert_eq!(hello["result"]["protocolVersion"], revision);
        assert_eq!(hello["result"]["serverInfo"].get("icons").is_some(), icons, "{revision}");
        for (method, list) in [
            ("tools/list", "tools"),
            ("resources/list", "resources"),
            ("resources/templates/list", "resourceTemplates"),
            ("prompts/list", "prompts"),
        ] {
            let listed = wire.ask_in_session(2, method, json!({})).await;
            assert_eq!(listed["result"][list][0].get("icons").is_some(), icons, "{revision} {method}");
            let meta = listed["result"][list][0].get("_meta").is_some();
            assert_eq!(meta, list != "resourceTemplates", "{revision} {method}");
        }
    }
    let broken = builder().icon(Icon::new("http://example.com/s.png")).build().unwrap_err();
    assert!(broken.to_string().contains("the icon \"http://example.com/s.png\""), "{broken}");
}

#[tokio::test]
async fn meta_of_a_result_stands_beside_what_the_protocol_puts_there() {
    let server = builder().tool::<metered>().tool::<blocks>().build().unwrap();
    let modern = Client::stateless(&server);
    let old = Client::stateful(&server).await.unwrap();

    let called = modern.call("metered", json!({})).await.unwrap();
    let meta = called.raw()["_meta"].as_object().unwrap();
    assert_eq!(meta.keys().collect::<Vec<_>>(), ["com.example/cost", "io.modelcontextprotocol/serverInfo"]);
    assert_eq!(meta["com.example/cost"], 0.5);
    assert!(meta["io.modelcontextprotocol/serverInfo"]["name"].is_string(), "it cannot be forged");
    assert_eq!(called.raw()["structuredContent"], json!({"sum": 3}));
    let tools = modern.tools().await.unwrap();
    let metered = tools.iter().find(|tool| tool["name"] == "metered").unwrap();
    assert!(metered["outputSchema"]["properties"]["sum"].is_object(), "{metered}");
    let called = old.call("metered", json!({})).await.unwrap();
    assert_eq!(called.raw()["_meta"], json!({"com.example/cost": 0.5}));
    assert_eq!(old.call("alpha", json!({})).await.unwrap().raw().get("_meta"), None);

    for client in [&modern, &old] {
        let read = client.request("resources/read", json!({"uri": "docs://one"})).await.unwrap();
        assert_eq!(read["_meta"]["com.example/read"], true);
        assert_eq!(read["contents"][0]["_meta"], json!({"com.example/item": 1}));
        let got = client.request("prompts/get", json!({"name": "ask"})).await.unwrap();
        assert_eq!(got["_meta"]["com.example/asked"], 1);

        let blocks = client.call("blocks", json!({})).await.unwrap();
        for (at, block) in blocks.content().iter().enumerate() {
            assert_eq!(block["_meta"], json!({"com.example/n": at + 1}));
        }
        assert_eq!(blocks.content()[0]["annotations"], json!({"lastModified": "2025-01-12T15:00:58Z"}));
        assert_eq!(blocks.content()[1].get("annotations"), None);
        assert_eq!(blocks.content()[3]["resource"]["_meta"], json!({"com.example/inner": 5}));
    }
}

#[tokio::test]
async fn the_whole_trace_context_reaches_the_function() {
    let client = Client::stateless(&mcp::server!().explicit().tool::<trace>().build().unwrap());
    let call = async |meta: Value| {
        let result = client.request("tools/call", json!({"name": "trace", "_meta": meta})).await.unwrap();
        result["content"][0]["text"].as_str().unwrap().to_owned()
    };
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let whole = json!({"traceparent": parent, "tracestate": "a=1,b=2", "baggage": "user=ada;p=1, k=v"});
    assert_eq!(call(whole).await, format!("Some({parent:?}) Some(\"a=1,b=2\") Some(\"user=ada;p=1, k=v\")"));
    for state in
        [json!(5), json!(""), json!("no pair"), json!("a=\u{7}"), json!(format!("a={}", "x".repeat(600)))]
    {
        assert_eq!(call(json!({"tracestate": state, "baggage": "é=1"})).await, "None None None");
    }
}

const PAGE: &str = "text/html;profile=mcp-app";

/// Shows itself as a page.
#[mcp::tool(app = "ui://pages/one", meta = { "ui": { "visibility": ["app"] }, "com.example/x": 1 })]
async fn shown() -> &'static str {
    "shown"
}

/// A page.
#[mcp::resource("ui://pages/one", mime = "text/html;profile=mcp-app")]
async fn page_of_app() -> &'static str {
    "<!doctype html>"
}

/// Has no page.
#[mcp::tool(app = "ui://pages/none")]
async fn pageless() -> &'static str {
    "none"
}

/// Has a page that is none.
#[mcp::tool(app = "ui://pages/text")]
async fn textual() -> &'static str {
    "text"
}

/// Is no page.
#[mcp::resource("ui://pages/text", mime = "text/html")]
async fn text_page() -> &'static str {
    "text"
}

#[tokio::test]
async fn a_tool_with_an_app_says_so_and_so_does_the_server() {
    let server = mcp::server!().explicit().tool::<shown>().resource::<page_of_app>().build().unwrap();
    let client = Client::stateless(&server);
    let found = client.request("server/discover", json!({})).await.unwrap();
    assert_eq!(found["capabilities"]["extensions"], json!({"io.modelcontextprotocol/ui": {}}));
    let meta = json!({
        "ui": {"resourceUri": "ui://pages/one", "visibility": ["app"]},
        "com.example/x": 1,
    });
    for client in [client, Client::stateful(&server).await.unwrap()] {
        assert_eq!(client.tools().await.unwrap()[0]["_meta"], meta);
        assert_eq!(client.read("ui://pages/one").await.unwrap()[0]["mimeType"], PAGE);
    }
    let without = Client::stateless(&builder().build().unwrap());
    let found = without.request("server/discover", json!({})).await.unwrap();
    assert_eq!(found["capabilities"].get("extensions"), None);
}

#[test]
fn an_app_without_its_page_is_no_server() {
    let broken = mcp::server!()
        .explicit()
        .tool::<shown>()
        .tool::<pageless>()
        .tool::<textual>()
        .resource::<page_of_app>()
        .resource::<text_page>()
        .build()
        .unwrap_err();
    let said = broken.problems().join("\n");
    for wanted in [
        "there is no resource \"ui://pages/none\" to be the app of tool \"pageless\": write `#[mcp::resource(\"ui://pages/none\", mime = \"text/html;profile=mcp-app\")]",
        "(pageless at tests/it/published.rs:",
        "the app of tool \"textual\", \"ui://pages/text\", is no page: write `mime = \"text/html;profile=mcp-app\"` (textual at",
    ] {
        assert!(said.contains(wanted), "{wanted}\nis not in\n{said}");
    }
    assert_eq!(broken.problems().len(), 2, "{said}");
}

#[tokio::test]
async fn a_schema_that_was_written_by_hand_is_published_as_it_was_written() {
    let server = crate::everything::server().build().unwrap();
    let fixture = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
            },
        },
        "properties": {
            "name": {"type": "string", "description": "The name of the person."},
            "address": {"$ref": "#/$defs/address", "description": "Where the person lives."},
            "contactMethod": {
                "type": "string", "enum": ["phone", "email"], "description": "How the person wants to be reached.",
            },
            "phone": {"type": "string", "description": "The telephone number."},
            "email": {"type": "string", "description": "The address for electronic mail."},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false,
    });
    for client in [Client::stateless(&server), Client::stateful(&server).await.unwrap()] {
        let tools = client.tools().await.unwrap();
        let tool = tools.iter().find(|tool| tool["name"] == "json_schema_2020_12_tool").unwrap();
        assert_eq!(tool["inputSchema"], fixture);
        let arguments = json!({"name": "Ada", "contactMethod": "email", "email": "ada@example.com"});
        let called = client.call("json_schema_2020_12_tool", arguments).await.unwrap();
        assert_eq!(called.text(), "Ada of nowhere: ada@example.com");
    }
}
