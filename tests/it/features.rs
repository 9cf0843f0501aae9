//! The table of features per revision tells the truth: each cell is what a client of that revision sees on the wire.

use std::time::Duration;

use mcp::{
    Audio, BoxFuture, Content, Context, Error, Extension, ExtensionMethod, Image, Json, Level, Link,
    Progress, Server, Tasks, ToolError, WithMeta,
};
use serde_json::{Map, Value, json};

use crate::http::send;
use crate::wire::{Over, Wire, headers_of, serve_http, stateless, text};

const TABLE: &str = include_str!("../../mcp-runtime/features.md");
const README: &str = include_str!("../../README.md");
const REVISIONS: [&str; 5] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", STATELESS];
const STATELESS: &str = "2026-07-28";
const YES: &str = "yes";
const NO: &str = "no";

/// How a client reaches the server.
#[derive(Debug, Clone, Copy)]
enum Way {
    Over(Over),
    /// In memory, and without a record.
    Unrecorded,
}

/// Where a row is shown.
const BOTH: &[Way] = &[Way::Over(Over::Memory), Way::Over(Over::Http)];
/// What comes without having been asked for comes over HTTP on a stream of its own, which `live` reads.
const MEMORY: &[Way] = &[Way::Over(Over::Memory)];
const HTTP: &[Way] = &[Way::Over(Over::Http)];
/// What an author adds to the protocol stands in nobody's types, by which recorded messages are checked.
const UNRECORDED: &[Way] = &[Way::Unrecorded];

/// What is to be seen of each row, in the order of the table: a row that is not here has no check, and fails.
macro_rules! rows {
    ($($name:literal over $ways:ident => $check:ident,)*) => {
        const CHECKED: &[(&str, &[Way])] = &[$(($name, $ways)),*];

        async fn observe(row: &str, client: &mut Client) -> &'static str {
            match row {
                $($name => $check(client).await,)*
                other => panic!("nothing checks the row {other:?}"),
            }
        }
    };
}

rows! {
    "Who begins" over BOTH => who_begins,
    "A session over HTTP" over HTTP => session,
    "Ping" over BOTH => ping,
    "Tools, resources, templates, prompts" over BOTH => basics,
    "Lists in pages" over BOTH => pages,
    "Hints of tools (`read_only` …)" over BOTH => hints,
    "Titles" over BOTH => titles,
    "Structured results and their schemas" over BOTH => structured,
    "Images" over BOTH => images,
    "Audio" over BOTH => audio,
    "Links to resources" over BOTH => links,
    "`_meta` of what is offered" over BOTH => offered_meta,
    "`_meta` of results" over BOTH => result_meta,
    "Icons" over BOTH => icons,
    "What the server is, and its website" over BOTH => description,
    "Cache hints" over BOTH => cache_hints,
    "Completion" over BOTH => completion,
    "Progress" over BOTH => progress,
    "Progress in words" over BOTH => progress_in_words,
    "Cancellation" over MEMORY => cancellation,
    "Log messages, asked for by" over BOTH => log_messages,
    "Asking with a form" over BOTH => form,
    "Lists to choose from in forms" over BOTH => choices,
    "Asking to visit a page" over BOTH => visit,
    "Sampling" over BOTH => sampling,
    "Roots" over BOTH => roots,
    "Changed lists, told to" over MEMORY => changed_lists,
    "Changed resources, told to" over MEMORY => changed_resources,
    "Batches" over BOTH => batches,
    "Tasks" over BOTH => tasks,
    "Apps" over BOTH => apps,
    "Extensions of your own" over UNRECORDED => extension,
    "Headers checked against the message" over HTTP => headers,
    "Trace context" over BOTH => trace_context,
}

/// The lines of the table: what stands in front, and the cells.
fn table() -> Vec<(&'static str, Vec<&'static str>)> {
    let line = |line: &'static str| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        (cells.next().unwrap(), cells.collect())
    };
    TABLE.lines().map(line).collect()
}

#[test]
fn every_row_has_a_check_and_every_check_a_row() {
    let table = table();
    assert_eq!(table[0].1, REVISIONS);
    let rows: Vec<_> = table[2..].iter().map(|(name, _)| *name).collect();
    let checked: Vec<_> = CHECKED.iter().map(|(name, _)| *name).collect();
    assert_eq!(rows, checked);
    for (name, cells) in &table {
        assert_eq!(cells.len(), REVISIONS.len(), "{name}");
    }
}

#[test]
fn the_readme_shows_the_table_of_the_crate() {
    assert!(README.contains(TABLE), "the README must repeat mcp-runtime/features.md");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cell_of_the_table_is_what_a_client_of_that_revision_sees() {
    let mut wrong = Vec::new();
    for (name, cells) in &table()[2..] {
        let ways = CHECKED.iter().find(|(checked, _)| checked == name).map_or(BOTH, |(_, ways)| ways);
        for (revision, cell) in REVISIONS.into_iter().zip(cells) {
            for way in ways {
                let seen = observe(name, &mut Client::new(*way, revision).await).await;
                if seen != *cell {
                    let told = format!("the table says {cell:?}, seen is {seen:?}");
                    wrong.push(format!("{name}, {revision}, {way:?}: {told}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Adds.
#[mcp::tool(
    read_only,
    title = "Add",
    icon = "https://example.com/add.png",
    meta = { "com.example/team": "sums" },
)]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct One {
    one: i64,
}

/// Gives an object.
#[mcp::tool]
async fn object() -> Json<One> {
    Json(One { one: 1 })
}

/// Gives a list.
#[mcp::tool]
async fn list() -> Json<Vec<i64>> {
    Json(vec![1, 2])
}

/// Gives a block of each kind.
#[mcp::tool]
async fn blocks() -> [Content; 3] {
    [
        Image::png(b"png").into(),
        Audio::wav(b"wave").into(),
        Link::new("features://item/1", "item").title("Item").into(),
    ]
}

/// Gives a result with `_meta`.
#[mcp::tool]
async fn metered() -> WithMeta<&'static str> {
    WithMeta::new("metered").meta("com.example/cost", 1)
}

/// Says how far it has come.
#[mcp::tool]
async fn tells(cx: Context) -> &'static str {
    cx.progress(Progress::new(1.0).of(2.0).message("half"));
    "told"
}

/// Logs.
#[mcp::tool]
async fn logs(cx: Context) -> &'static str {
    cx.log(Level::Debug, "a detail");
    "logged"
}

/// Waits for very long.
#[mcp::tool]
async fn waits() -> &'static str {
    tokio::time::sleep(Duration::from_secs(3600)).await;
    "waited"
}

/// Takes very long, and may be a task.
#[mcp::tool(task)]
async fn works() -> &'static str {
    tokio::time::sleep(Duration::from_secs(3600)).await;
    "worked"
}

/// Shows a page.
#[mcp::tool(app = "ui://features/page")]
async fn shows() -> &'static str {
    "shown"
}

/// The page.
#[mcp::resource("ui://features/page", mime = "text/html;profile=mcp-app")]
async fn page() -> &'static str {
    "<p>shown</p>"
}

/// Takes an argument that clients repeat in a header.
#[mcp::tool]
async fn routed(#[arg(header = "Region")] region: String) -> String {
    region
}

/// Tells the trace.
#[mcp::tool]
async fn traced(cx: Context) -> String {
    cx.trace_parent().unwrap_or("none").to_owned()
}

/// Never changes.
#[mcp::resource("features://fixed")]
async fn fixed() -> &'static str {
    "fixed"
}

/// One of many.
#[mcp::resource("features://item/{id}")]
async fn item(id: String) -> String {
    id
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Green,
}

/// Praises a colour.
#[mcp::prompt]
async fn praise(colour: Colour) -> String {
    format!("Praise {colour:?}.")
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Name {
    name: String,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Colours {
    colours: Vec<Colour>,
}

/// Asks with a form.
#[mcp::tool]
async fn ask_form(cx: Context) -> Result<String, ToolError> {
    Ok(cx.elicit::<Name>("Who?").await?.name)
}

/// Asks with a list to choose from.
#[mcp::tool]
async fn ask_choices(cx: Context) -> Result<String, ToolError> {
    let chosen = cx.elicit::<Colours>("Which?").await?.colours;
    Ok(if matches!(chosen[..], [Colour::Red]) { "Ada" } else { "nothing" }.into())
}

/// Asks to visit a page.
#[mcp::tool]
async fn ask_visit(cx: Context) -> Result<&'static str, ToolError> {
    cx.visit("Sign in.", "https://example.com").await?;
    Ok("Ada")
}

/// Asks the model.
#[mcp::tool]
async fn ask_sample(cx: Context) -> Result<String, ToolError> {
    Ok(cx.sample("Who?").await?.text())
}

/// Asks where the client works.
#[mcp::tool]
async fn ask_roots(cx: Context) -> Result<String, ToolError> {
    let roots = cx.roots().await?;
    Ok(roots.into_iter().map(|root| root.uri).collect::<String>().replace("file:///", ""))
}

const TASKS: &str = "io.modelcontextprotocol/tasks";
const APPS: &str = "io.modelcontextprotocol/ui";
const CLOCK: &str = "com.example/clock";

struct Clock;

impl Extension for Clock {
    fn id(&self) -> &'static str {
        CLOCK
    }

    fn methods(&self) -> &'static [ExtensionMethod] {
        const METHODS: &[ExtensionMethod] = &[ExtensionMethod::new("clock/read")];
        METHODS
    }

    fn call<'a>(
        &'a self,
        _: &'static str,
        _: Map<String, Value>,
        _: Context,
    ) -> BoxFuture<'a, Result<Map<String, Value>, Error>> {
        Box::pin(async { Ok(Map::from_iter([("time".into(), json!("noon"))])) })
    }
}

fn server() -> Server {
    mcp::server!()
        .only(module_path!())
        .description("All that revisions differ in.")
        .website("https://example.com")
        .page_size(3)
        .tasks(Tasks::new().patience(Duration::ZERO))
        .extension(Clock)
        .build()
        .unwrap()
}

/// What a client can do, as its revision has it; extensions are declared to each, whether it knows them or not.
fn capabilities(revision: &str) -> Value {
    let elicitation = if revision < "2025-11-25" { json!({}) } else { json!({"form": {}, "url": {}}) };
    json!({
        "elicitation": elicitation, "sampling": {}, "roots": {},
        "extensions": {TASKS: {}, CLOCK: {}, APPS: {}},
    })
}

/// A client of one revision, before it has said anything.
struct Client {
    server: Server,
    wire: Wire,
    revision: &'static str,
    begun: bool,
    next: u64,
}

impl Client {
    async fn new(way: Way, revision: &'static str) -> Self {
        let server = server();
        let wire = match way {
            Way::Over(over) => Wire::connect_to(over, &server).await,
            Way::Unrecorded => Wire::unrecorded(&server),
        };
        Self { server, wire, revision, begun: false, next: 1 }
    }

    /// What the server says of itself.
    async fn begin(&mut self) -> Value {
        self.begun = true;
        if self.revision == STATELESS {
            return self.ask_at_once("server/discover", json!({})).await["result"].clone();
        }
        let hello = self.wire.introduce(self.revision, capabilities(self.revision)).await;
        assert_eq!(hello["result"]["protocolVersion"], self.revision);
        hello["result"].clone()
    }

    fn request(&mut self, method: &str, mut params: Value) -> Value {
        self.next += 1;
        if self.revision == STATELESS {
            let declared = capabilities(self.revision);
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = declared;
            return stateless(self.next, method, params);
        }
        json!({"jsonrpc": "2.0", "id": self.next, "method": method, "params": params})
    }

    /// Asks in the way of the revision, with an introduction before it where there must be one.
    async fn ask(&mut self, method: &str, params: Value) -> Value {
        if !self.begun {
            self.begin().await;
        }
        self.ask_at_once(method, params).await
    }

    async fn ask_at_once(&mut self, method: &str, params: Value) -> Value {
        let request = self.request(method, params);
        let id = request["id"].clone();
        self.wire.send(request).await;
        self.wire.answer(&id).await
    }

    async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    /// A whole list, page by page.
    async fn list(&mut self, method: &str, member: &str) -> Vec<Value> {
        let (mut found, mut params) = (Vec::new(), json!({}));
        loop {
            let page = self.ask(method, params).await["result"].clone();
            found.extend(page[member].as_array().unwrap().clone());
            match page.get("nextCursor") {
                Some(cursor) => params = json!({"cursor": cursor}),
                None => return found,
            }
        }
    }

    async fn tool(&mut self, name: &str) -> Value {
        let tools = self.list("tools/list", "tools").await;
        tools.into_iter().find(|tool| tool["name"] == name).unwrap()
    }

    /// Calls a tool that asks, and answers: how it was asked, if the answer came back as the result.
    async fn asked(&mut self, tool: &str) -> &'static str {
        self.begin().await;
        let params = json!({"name": tool, "arguments": {}});
        let mut request = self.request("tools/call", params.clone());
        self.wire.send(request.clone()).await;
        let mut how = NO;
        loop {
            let message = self.wire.receive().await;
            if message["method"].is_string() {
                how = "request";
                let answer = json!({"jsonrpc": "2.0", "id": message["id"], "result": answer_to(&message)});
                self.wire.send(answer).await;
                continue;
            }
            assert_eq!(message["id"], request["id"], "{message}");
            if message["result"]["resultType"] != "input_required" {
                let answered = message["result"]["content"][0]["text"] == "Ada";
                assert_eq!(answered, how != NO, "{message}");
                return how;
            }
            how = "result";
            let asked = message["result"]["inputRequests"].as_object().unwrap();
            let answers: Map<_, _> = asked.iter().map(|(key, it)| (key.clone(), answer_to(it))).collect();
            let mut params = params.clone();
            params["inputResponses"] = answers.into();
            params["requestState"] = message["result"]["requestState"].clone();
            request = self.request("tools/call", params);
            self.wire.send(request.clone()).await;
        }
    }
}

/// What a client answers that says "Ada" to everything.
fn answer_to(question: &Value) -> Value {
    let params = &question["params"];
    match question["method"].as_str().unwrap() {
        "elicitation/create" if params["mode"] == "url" => json!({"action": "accept"}),
        "elicitation/create" if params["requestedSchema"]["properties"]["colours"].is_object() => {
            json!({"action": "accept", "content": {"colours": ["red"]}})
        }
        "elicitation/create" => json!({"action": "accept", "content": {"name": "Ada"}}),
        "sampling/createMessage" => {
            json!({"role": "assistant", "model": "m", "content": {"type": "text", "text": "Ada"}})
        }
        "roots/list" => json!({"roots": [{"uri": "file:///Ada"}]}),
        other => panic!("nothing to answer to {other}"),
    }
}

fn yes(seen: bool) -> &'static str {
    if seen { YES } else { NO }
}

async fn who_begins(client: &mut Client) -> &'static str {
    if client.ask_at_once("tools/list", json!({})).await["result"]["tools"].is_array() {
        return "each request";
    }
    assert!(client.ask("tools/list", json!({})).await["result"]["tools"].is_array());
    "`initialize`"
}

/// Posts the first message of a client, and gives the URL and the session that came of it.
async fn first_post(client: &mut Client) -> (String, Option<String>) {
    let url = serve_http(&client.server).await;
    let params = json!({
        "protocolVersion": client.revision, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
    });
    let hello = match client.revision {
        STATELESS => client.request("server/discover", json!({})),
        _ => client.request("initialize", params),
    };
    let mut headers = headers_of(&hello, None);
    headers.push(("content-type", "application/json".into()));
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = send(&url, "POST", &headers, hello.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    (url, answer.headers.get("mcp-session-id").map(|id| id.to_str().unwrap().to_owned()))
}

async fn session(client: &mut Client) -> &'static str {
    yes(first_post(client).await.1.is_some())
}

async fn ping(client: &mut Client) -> &'static str {
    let answer = client.ask("ping", json!({})).await;
    assert!(answer["result"].is_object() || answer["error"]["code"] == -32601, "{answer}");
    yes(answer["result"].is_object())
}

async fn basics(client: &mut Client) -> &'static str {
    let sum = client.call("add", json!({"a": 2, "b": 3})).await;
    let read = client.ask("resources/read", json!({"uri": "features://fixed"})).await;
    let of_template = client.ask("resources/read", json!({"uri": "features://item/7"})).await;
    let praise = json!({"name": "praise", "arguments": {"colour": "red"}});
    let prompt = client.ask("prompts/get", praise).await;
    let listed = [
        ("tools/list", "tools"),
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
        ("prompts/list", "prompts"),
    ];
    let mut all = text(&sum) == "5"
        && read["result"]["contents"][0]["text"] == "fixed"
        && of_template["result"]["contents"][0]["text"] == "7"
        && prompt["result"]["messages"][0]["content"]["text"] == "Praise Red.";
    for (method, member) in listed {
        all &= !client.list(method, member).await.is_empty();
    }
    yes(all)
}

async fn pages(client: &mut Client) -> &'static str {
    let first = client.ask("tools/list", json!({})).await;
    let whole = client.list("tools/list", "tools").await.len();
    let shown = first["result"]["tools"].as_array().unwrap().len();
    yes(first["result"]["nextCursor"].is_string() && shown == 3 && whole > 3)
}

async fn hints(client: &mut Client) -> &'static str {
    yes(client.tool("add").await["annotations"]["readOnlyHint"] == true)
}

async fn titles(client: &mut Client) -> &'static str {
    let tool = client.tool("add").await;
    match (tool["title"] == "Add", tool["annotations"]["title"] == "Add") {
        (true, false) => YES,
        (false, true) => "in the hints",
        (false, false) => NO,
        (true, true) => "twice",
    }
}

async fn structured(client: &mut Client) -> &'static str {
    let mut seen = Vec::new();
    for (tool, expected) in [("object", json!({"one": 1})), ("list", json!([1, 2]))] {
        let schema = client.tool(tool).await["outputSchema"].is_object();
        let answer = client.call(tool, json!({})).await;
        assert_eq!(text(&answer), expected.to_string(), "the text is there in any case");
        assert_eq!(answer["result"]["structuredContent"] == expected, schema, "{answer}");
        seen.push(schema);
    }
    match seen[..] {
        [false, false] => NO,
        [true, false] => "objects",
        [true, true] => "any JSON",
        _ => "lists alone",
    }
}

/// What became of a block: itself, or text that stands for it.
async fn block(client: &mut Client, at: usize, kind: &str) -> &'static str {
    let answer = client.call("blocks", json!({})).await;
    match answer["result"]["content"][at]["type"].as_str() {
        Some("text") => "in words",
        found => yes(found == Some(kind)),
    }
}

async fn images(client: &mut Client) -> &'static str {
    block(client, 0, "image").await
}

async fn audio(client: &mut Client) -> &'static str {
    block(client, 1, "audio").await
}

async fn links(client: &mut Client) -> &'static str {
    block(client, 2, "resource_link").await
}

async fn offered_meta(client: &mut Client) -> &'static str {
    yes(client.tool("add").await["_meta"]["com.example/team"] == "sums")
}

async fn result_meta(client: &mut Client) -> &'static str {
    yes(client.call("metered", json!({})).await["result"]["_meta"]["com.example/cost"] == 1)
}

async fn icons(client: &mut Client) -> &'static str {
    yes(client.tool("add").await["icons"][0]["src"] == "https://example.com/add.png")
}

async fn description(client: &mut Client) -> &'static str {
    let said = client.begin().await;
    let info = match client.revision {
        STATELESS => &said["_meta"]["io.modelcontextprotocol/serverInfo"],
        _ => &said["serverInfo"],
    };
    assert_eq!(info["description"].is_string(), info["websiteUrl"].is_string(), "{info}");
    yes(info["description"].is_string())
}

async fn cache_hints(client: &mut Client) -> &'static str {
    let listed = client.ask("tools/list", json!({})).await;
    let read = client.ask("resources/read", json!({"uri": "features://fixed"})).await;
    let seen =
        [&listed, &read].map(|it| it["result"]["ttlMs"].is_u64() && it["result"]["cacheScope"].is_string());
    assert_eq!(seen[0], seen[1], "{listed} {read}");
    yes(seen[0])
}

async fn completion(client: &mut Client) -> &'static str {
    let params = json!({
        "ref": {"type": "ref/prompt", "name": "praise"}, "argument": {"name": "colour", "value": "r"},
    });
    let answer = client.ask("completion/complete", params).await;
    yes(answer["result"]["completion"]["values"] == json!(["red"]))
}

/// What came before the answer to a call that wants to be told how far it is.
async fn notice(client: &mut Client) -> Value {
    let params = json!({"name": "tells", "_meta": {"progressToken": "t"}});
    let answer = client.ask("tools/call", params).await;
    assert_eq!(text(&answer), "told");
    client.wire.others().pop().unwrap_or_default()
}

async fn progress(client: &mut Client) -> &'static str {
    let notice = notice(client).await;
    yes(notice["params"]["progress"] == 1 && notice["params"]["progressToken"] == "t")
}

async fn progress_in_words(client: &mut Client) -> &'static str {
    yes(notice(client).await["params"]["message"] == "half")
}

/// Whether the call has ended is seen by its id, which can be used again.
async fn cancellation(client: &mut Client) -> &'static str {
    client.begin().await;
    let request = client.request("tools/call", json!({"name": "waits"}));
    client.wire.send(request.clone()).await;
    client.wire.send(request.clone()).await;
    let refused = client.wire.answer(&request["id"]).await;
    assert_eq!(refused["error"]["code"], -32600, "the id is in flight: {refused}");
    let params = json!({"requestId": request["id"]});
    client.wire.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})).await;
    let mut again = client.request("tools/list", json!({}));
    again["id"] = request["id"].clone();
    client.wire.send(again).await;
    yes(client.wire.answer(&request["id"]).await["result"]["tools"].is_array())
}

async fn log_messages(client: &mut Client) -> &'static str {
    let logged = async |client: &mut Client, meta: Value| {
        let answer = client.ask("tools/call", json!({"name": "logs", "_meta": meta})).await;
        assert_eq!(text(&answer), "logged");
        let told = client.wire.others();
        told.first().is_some_and(|message| {
            message["method"] == "notifications/message" && message["params"]["data"] == "a detail"
        })
    };
    assert!(!logged(client, json!({})).await, "nobody has asked for details");
    if logged(client, json!({"io.modelcontextprotocol/logLevel": "debug"})).await {
        assert_eq!(client.ask("logging/setLevel", json!({"level": "debug"})).await["error"]["code"], -32601);
        return "each request";
    }
    if client.ask("logging/setLevel", json!({"level": "debug"})).await["result"].is_object()
        && logged(client, json!({})).await
    {
        return "`logging/setLevel`";
    }
    NO
}

async fn form(client: &mut Client) -> &'static str {
    client.asked("ask_form").await
}

async fn choices(client: &mut Client) -> &'static str {
    yes(client.asked("ask_choices").await != NO)
}

async fn visit(client: &mut Client) -> &'static str {
    client.asked("ask_visit").await
}

async fn sampling(client: &mut Client) -> &'static str {
    client.asked("ask_sample").await
}

async fn roots(client: &mut Client) -> &'static str {
    client.asked("ask_roots").await
}

/// Asks to be told of changes; whether that is possible this way. Nothing else is said meanwhile.
async fn listens(client: &mut Client, method: &str, params: Value) -> bool {
    let request = client.request(method, params);
    client.wire.send(request.clone()).await;
    let answer = client.wire.receive().await;
    match answer["method"].as_str() {
        Some(method) => method == "notifications/subscriptions/acknowledged",
        None => {
            assert_eq!(answer["id"], request["id"], "{answer}");
            answer["result"].is_object()
        }
    }
}

async fn changed_lists(client: &mut Client) -> &'static str {
    client.begin().await;
    let filter = json!({"notifications": {"toolsListChanged": true}});
    let how = match listens(client, "subscriptions/listen", filter).await {
        true => "`subscriptions/listen`",
        false => "the session",
    };
    client.server.tools_changed();
    assert_eq!(client.wire.receive().await["method"], "notifications/tools/list_changed");
    how
}

async fn changed_resources(client: &mut Client) -> &'static str {
    client.begin().await;
    let uri = "features://fixed";
    let how = if listens(client, "resources/subscribe", json!({"uri": uri})).await {
        "`resources/subscribe`"
    } else {
        let filter = json!({"notifications": {"resourceSubscriptions": [uri]}});
        if !listens(client, "subscriptions/listen", filter).await {
            return NO;
        }
        "`subscriptions/listen`"
    };
    client.server.resource_updated("features://item/1");
    client.server.resource_updated(uri);
    let told = client.wire.receive().await;
    assert_eq!(
        (&told["method"], &told["params"]["uri"]),
        (&"notifications/resources/updated".into(), &uri.into())
    );
    how
}

async fn batches(client: &mut Client) -> &'static str {
    client.begin().await;
    let two = [client.request("tools/list", json!({})), client.request("prompts/list", json!({}))];
    client.wire.send(json!(two)).await;
    let answer = client.wire.receive().await;
    assert!(answer.is_array() || answer["error"].is_object(), "{answer}");
    yes(answer.as_array().is_some_and(|all| all.len() == 2 && all.iter().all(|it| it["result"].is_object())))
}

async fn tasks(client: &mut Client) -> &'static str {
    let begun = client.call("works", json!({})).await;
    let result = &begun["result"];
    if result["resultType"] == "task" {
        let found = client.ask("tasks/get", json!({"taskId": result["taskId"]})).await;
        return yes(found["result"]["status"] == "working");
    }
    let Some((_, after)) = text(&begun).split_once("task://") else { return NO };
    let uri = format!("task://{}", after.split(' ').next().unwrap());
    let read = client.ask("resources/read", json!({"uri": uri})).await;
    let status: Value =
        serde_json::from_str(read["result"]["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(status["status"], "working");
    assert!(client.ask("tasks/get", json!({"taskId": status["taskId"]})).await["error"].is_object());
    "a link later"
}

async fn apps(client: &mut Client) -> &'static str {
    let declared = client.begin().await["capabilities"]["extensions"][APPS].is_object();
    let named = client.tool("shows").await["_meta"]["ui"]["resourceUri"] == "ui://features/page";
    match (named, declared) {
        (true, true) => YES,
        (true, false) => "`_meta` alone",
        (false, true) => "declared alone",
        (false, false) => NO,
    }
}

async fn extension(client: &mut Client) -> &'static str {
    let declared = client.begin().await["capabilities"]["extensions"][CLOCK].is_object();
    let served = client.ask("clock/read", json!({})).await["result"]["time"] == "noon";
    assert_eq!(declared, served);
    yes(served)
}

async fn headers(client: &mut Client) -> &'static str {
    let (url, session) = first_post(client).await;
    let call = client.request("tools/call", json!({"name": "routed", "arguments": {"region": "north"}}));
    let mut truth = headers_of(&call, session.as_deref());
    truth.push(("content-type", "application/json".into()));
    truth.push(("mcp-param-region", "north".into()));
    let mut refused = Vec::new();
    for lie in [None, Some("mcp-method"), Some("mcp-name"), Some("mcp-param-region")] {
        let mut headers: Vec<_> = truth.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.retain(|(name, _)| Some(*name) != lie);
        headers.extend(lie.map(|lie| (lie, "prompts/get")));
        let answer = send(&url, "POST", &headers, call.to_string()).await;
        match answer.status {
            200 => assert_eq!(text(&answer.body), "north"),
            _ => assert_eq!(answer.code(), -32020),
        }
        refused.push(answer.status == 400);
    }
    match refused[..] {
        [false, true, true, true] => YES,
        [false, false, false, false] => NO,
        _ => "some",
    }
}

async fn trace_context(client: &mut Client) -> &'static str {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let params = json!({"name": "traced", "_meta": {"traceparent": parent}});
    yes(text(&client.ask("tools/call", params).await) == parent)
}
