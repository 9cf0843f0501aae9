//! What a server offers: found or given, chosen, checked, and the same in every build.

use std::time::Duration;

use mcp::testing::Client;
use mcp::{Args, Context, Extract, Json, Needs, State, ToolError};
use serde_json::{Value, json};

mcp::link!(linked);

mod first {
    /// Is in both modules.
    #[mcp::tool]
    pub async fn shared() -> &'static str {
        "first"
    }
}

mod second {
    /// Is in both modules.
    #[mcp::tool]
    pub async fn shared() -> &'static str {
        "second"
    }
}

fn names(server: &mcp::Server) -> Vec<&'static str> {
    server.definitions().map(mcp::Definition::name).collect()
}

#[tokio::test]
async fn two_servers_of_one_process_offer_different_things() {
    for module in ["first", "second"] {
        let server = mcp::server!().only(format!("{}::{module}", module_path!())).build().unwrap();
        assert_eq!(names(&server), ["shared"]);
        assert_eq!(Client::stateless(&server).call("shared", json!({})).await.unwrap().text(), module);
    }
    let half_a_name = mcp::server!().only(format!("{}::fir", module_path!())).build().unwrap();
    assert_eq!(names(&half_a_name), Vec::<&str>::new());
}

#[tokio::test]
async fn what_is_given_needs_no_inventory() {
    let server = mcp::server!().explicit().tool::<second::shared>().build().unwrap();
    assert_eq!(Client::stateless(&server).call("shared", json!({})).await.unwrap().text(), "second");
    let both =
        mcp::server!().only(format!("{}::second", module_path!())).tool::<second::shared>().build().unwrap();
    assert_eq!(names(&both), ["shared"], "found and given is one");
}

#[tokio::test]
async fn a_linked_library_is_found() {
    let server = mcp::server!().only("linked").build().unwrap();
    assert_eq!(names(&server), ["linked"]);
}

/// Needs what nobody gave.
#[mcp::tool]
async fn needy(config: State<Duration>, tenant: Tenant) -> String {
    format!("{config:?} {}", tenant.0)
}

struct Tenant(String);

impl Extract for Tenant {
    fn needs(needs: &mut Needs<'_>) {
        needs.state::<Vec<String>>();
    }

    async fn extract(cx: &Context) -> Result<Self, ToolError> {
        tokio::task::yield_now().await;
        let tenants = cx.state::<Vec<String>>().ok_or_else(|| ToolError::fatal("no tenants"))?;
        tenants.first().cloned().map(Tenant).ok_or_else(|| ToolError::invalid_input("no tenant is known"))
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Pair {
    #[allow(dead_code)]
    left: u32,
}

/// Mixes what cannot be mixed.
#[mcp::tool]
async fn mixed(Args(pair): Args<Pair>, right: u32) -> u32 {
    pair.left + right
}

/// Takes all at once what is no object.
#[mcp::tool]
async fn whole(Args(numbers): Args<Vec<u32>>) -> u32 {
    numbers.iter().sum()
}

/// Prompts with everything at once.
#[mcp::prompt]
async fn prompting(Args(pair): Args<Pair>) -> String {
    pair.left.to_string()
}

/// Has the same URI as another.
#[mcp::resource("same://uri")]
async fn one() -> &'static str {
    "1"
}

/// Has the same URI as another.
#[mcp::resource("same://uri")]
async fn two() -> &'static str {
    "2"
}

#[test]
fn everything_that_does_not_fit_is_told_at_once_with_its_place() {
    let broken = mcp::server!()
        .explicit()
        .tool::<first::shared>()
        .tool::<second::shared>()
        .tool::<needy>()
        .tool::<mixed>()
        .tool::<whole>()
        .prompt::<prompting>()
        .resource::<one>()
        .resource::<two>()
        .build()
        .unwrap_err();
    let said = broken.problems().join("\n");
    for wanted in [
        "tool \"shared\" is defined 2 times: shared at tests/it/registration.rs:",
        "resource \"same://uri\" is defined 2 times: one at tests/it/registration.rs:",
        "\"needy\" needs State<core::time::Duration>, which the server was not given: add `.state(…)` (needy at tests/it/",
        "\"needy\" needs State<alloc::vec::Vec<alloc::string::String>>",
        "tool \"mixed\": `Args` takes all arguments at once, so the argument \"right\" can never be given",
        "tool \"whole\": the type of `Args` is not an object with named fields",
        "prompt \"prompting\": a prompt takes its arguments plainly",
    ] {
        assert!(said.contains(wanted), "{wanted}\nis not in\n{said}");
    }
    assert_eq!(broken.problems().len(), 7, "{said}");
}

#[tokio::test]
async fn extractors_of_the_author_may_wait_and_may_refuse() {
    let server = |tenants: Vec<String>| {
        mcp::server!().explicit().tool::<needy>().state(Duration::ZERO).state(tenants).build().unwrap()
    };
    let found = Client::stateless(&server(vec!["acme".into()])).call("needy", json!({})).await.unwrap();
    assert_eq!(found.text(), "State(0ns) acme");
    let refused = Client::stateless(&server(vec![])).call("needy", json!({})).await.unwrap();
    assert!(refused.is_error());
    assert_eq!(refused.text(), "no tenant is known");
}

/// A tree, which holds itself.
#[derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
struct Tree {
    /// The name of the root.
    name: String,
    #[serde(default)]
    children: Vec<Tree>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code)]
enum Level {
    Info,
    Error,
}

/// Takes arguments of every shape.
#[mcp::tool]
async fn shapes(
    /// The tree.
    tree: Tree,
    /// Another tree.
    other: Option<Tree>,
    level: Option<Level>,
    small: Option<u8>,
    anything: Option<Value>,
    r#type: &str,
    list: &[i32],
) -> Json<Vec<Tree>> {
    let _ = (level, small, anything, r#type, list);
    Json([Some(tree), other].into_iter().flatten().collect())
}

#[tokio::test]
async fn schemas_are_valid_and_say_what_is_read() {
    let server = mcp::server!().explicit().tool::<shapes>().build().unwrap();
    let client = Client::stateless(&server);
    let tool = client.tools().await.unwrap().remove(0);
    let schema = &tool["inputSchema"];
    assert!(jsonschema::meta::is_valid(schema));
    assert_eq!(schema["required"], json!(["tree", "type", "list"]));
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["properties"]["small"], json!({"type": "integer", "minimum": 0, "maximum": 255}));
    assert_eq!(schema["properties"]["type"], json!({"type": "string"}));
    assert_eq!(schema["properties"]["tree"], json!({"$ref": "#/$defs/Tree", "description": "The tree."}));
    assert_eq!(schema["$defs"]["Tree"]["properties"]["name"]["description"], "The name of the root.");
    assert!(jsonschema::meta::is_valid(&tool["outputSchema"]));
    assert_eq!(tool["outputSchema"]["type"], "array");

    let given = json!({"tree": {"name": "a"}, "other": null, "type": "x", "list": [1], "level": "info", "anything": [{}]});
    assert!(jsonschema::is_valid(
        schema,
        &json!({"tree": {"name": "a"}, "type": "x", "list": [1], "level": "info"})
    ));
    let called = client.call("shapes", given).await.unwrap();
    assert_eq!(called.raw()["structuredContent"], json!([{"name": "a", "children": []}]));

    // A client of an older revision knows structured results that are objects, and no others.
    let older = Client::stateful(&server).await.unwrap();
    assert_eq!(older.tools().await.unwrap()[0].get("outputSchema"), None);
    let called = older.call("shapes", json!({"tree": {"name": "a"}, "type": "x", "list": []})).await.unwrap();
    assert_eq!(called.raw().get("structuredContent"), None);
    assert_eq!(called.text(), r#"[{"name":"a","children":[]}]"#);

    for wrong in [
        json!({"tree": {"name": 5}, "type": "x", "list": []}),
        json!({"tree": {"name": "a"}, "type": "x", "list": [1.5]}),
        json!({"tree": {"name": "a"}, "type": "x", "list": [], "small": 256}),
        json!({"tree": {"name": "a"}, "type": "x", "list": [], "level": "loud"}),
        json!({"tree": {"name": "a"}, "type": null, "list": []}),
        json!({"tree": {"name": "a"}, "type": "x"}),
    ] {
        assert!(!jsonschema::is_valid(schema, &wrong), "{wrong}");
        assert!(client.call("shapes", wrong.clone()).await.unwrap().is_error(), "{wrong}");
    }
}

/// JSON that was passed on as it came.
#[derive(serde::Serialize)]
struct AsItCame(Box<serde_json::value::RawValue>);

impl schemars::JsonSchema for AsItCame {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AsItCame".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "object"})
    }
}

/// Passes JSON on, with its line ends.
#[mcp::tool]
async fn passed_on() -> Json<AsItCame> {
    Json(AsItCame(serde_json::value::RawValue::from_string("{\n  \"a\": \"b\\nc\"\r\n}".into()).unwrap()))
}

#[tokio::test]
async fn a_message_is_one_line_whatever_a_tool_passes_on() {
    let server = mcp::server!().explicit().tool::<passed_on>().build().unwrap();
    let call = crate::wire::stateless(1, "tools/call", json!({"name": "passed_on"})).to_string();
    let reply =
        crate::record::handle(&server, call.as_bytes(), &mcp::Peer::connection()).next().await.unwrap();
    assert!(!reply.body().contains(&b'\n') && !reply.body().contains(&b'\r'));
    let reply: Value = serde_json::from_slice(reply.body()).unwrap();
    assert_eq!(reply["result"]["structuredContent"], json!({"a": "b\nc"}));
}

#[test]
fn functions_stay_functions() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(first::shared()), "first");
    let trees = runtime.block_on(shapes(
        Tree { name: "a".into(), children: vec![] },
        None,
        None,
        None,
        None,
        "x",
        &[1],
    ));
    assert_eq!(trees.0.len(), 1);
}

/// Waits.
#[mcp::tool]
async fn nap() -> &'static str {
    tokio::time::sleep(Duration::from_secs(10)).await;
    "rested"
}

#[tokio::test(start_paused = true)]
async fn stock_layers_surround_every_request_and_their_errors_are_replies() {
    let patient = tower::timeout::TimeoutLayer::new(Duration::from_secs(60));
    let hasty = tower::timeout::TimeoutLayer::new(Duration::from_secs(1));
    let one_by_one = tower::limit::ConcurrencyLimitLayer::new(1);
    let server = mcp::server!().explicit().tool::<nap>().layer(one_by_one).layer(patient).build().unwrap();
    let client = Client::stateless(&server);
    let begun = tokio::time::Instant::now();
    let (first, second) = tokio::join!(client.call("nap", json!({})), client.call("nap", json!({})));
    assert_eq!((first.unwrap().text(), second.unwrap().text()), ("rested".into(), "rested".into()));
    assert_eq!(begun.elapsed().as_secs(), 20, "one after the other");

    let server = mcp::server!().explicit().tool::<nap>().layer(hasty).build().unwrap();
    let refused = Client::stateless(&server).call("nap", json!({})).await.unwrap();
    assert!(refused.is_error() && refused.text().contains("timed out"), "{}", refused.text());
    assert_eq!(Client::stateful(&server).await.unwrap().tools().await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_with_too_much_under_way_is_told_so_and_is_read_on() {
    let server = mcp::server!().explicit().tool::<nap>().max_in_flight(2).build().unwrap();
    let mut wire = crate::wire::Wire::connect_to(crate::wire::Over::Memory, &server).await;
    for id in 0..6 {
        wire.send(crate::wire::stateless(id, "tools/call", json!({"name": "nap"}))).await;
    }
    for id in 2..6 {
        let refused = wire.answer(&id.into()).await;
        assert_eq!(refused["error"]["code"], -32603, "{refused}");
    }
    // What makes room gets through.
    wire.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 0}}))
        .await;
    assert_eq!(crate::wire::text(&wire.answer(&1.into()).await), "rested");
    assert_eq!(crate::wire::text(&wire.ask(6, "tools/call", json!({"name": "nap"})).await), "rested");
}

#[test]
fn only_the_wire_knows_revisions() {
    let mut folders = vec![std::path::PathBuf::from("mcp-runtime/src"), "mcp-macros/src".into()];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("wire") {
                    folders.push(path);
                }
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            read += 1;
            for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
                let named =
                    ["Revision", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];
                let found = named.iter().find(|name| line.contains(**name));
                assert_eq!(found, None, "{}: {line}", path.display());
            }
        }
    }
    assert!(read > 40);
}
