//! Every revision is spoken as its published schema says: nothing is missing, nothing is another revision's.

use std::collections::HashMap;

use mcp::{Audio, Content, Context, Image, Json, Link, Progress, PromptMessage};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::http::{Answer, send};
use crate::wire::{Over, Wire, serve_http, stateless, text};

const STATEFUL: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
const STATELESS: &str = "2026-07-28";
const OVER: [Over; 3] = [Over::Memory, Over::Http, Over::Sse];

/// What the schema of a revision says of its definitions. Schemas leave room for more than they name; here they do not, so
/// that what belongs to another revision is found.
struct Published {
    whole: Value,
    definitions: &'static str,
    validators: HashMap<&'static str, jsonschema::Validator>,
}

impl Published {
    fn of(revision: &str) -> Self {
        let text = match revision {
            "2024-11-05" => include_str!("../schemas/2024-11-05.json"),
            "2025-03-26" => include_str!("../schemas/2025-03-26.json"),
            "2025-06-18" => include_str!("../schemas/2025-06-18.json"),
            "2025-11-25" => include_str!("../schemas/2025-11-25.json"),
            STATELESS => include_str!("../schemas/2026-07-28.json"),
            other => panic!("no schema of {other}"),
        };
        let mut whole: Value = serde_json::from_str(text).unwrap();
        let definitions = if whole["definitions"].is_object() { "definitions" } else { "$defs" };
        for (name, definition) in whole[definitions].as_object_mut().unwrap() {
            // Anybody may add to `_meta`: the schema says so in words.
            if !name.ends_with("MetaObject") {
                close(definition);
            }
            if name.ends_with("Notification") {
                // Until 2025-06-18 only the definition of the envelope says so.
                definition["properties"]["jsonrpc"] = json!({"const": "2.0"});
            }
        }
        Self { whole, definitions, validators: HashMap::new() }
    }

    fn check(&mut self, definition: &'static str, value: &Value) {
        let Self { whole, definitions, validators } = self;
        let validator = validators.entry(definition).or_insert_with(|| {
            assert!(whole[*definitions][definition].is_object(), "there is no {definition}");
            let mut schema = whole.clone();
            schema["$ref"] = format!("#/{definitions}/{definition}").into();
            jsonschema::validator_for(&schema).unwrap()
        });
        let faults: Vec<_> = validator
            .iter_errors(value)
            .map(|fault| format!("{fault} at {}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "no {definition}: {faults:#?}\n{value:#}");
    }
}

/// Lets an object have only what its schema names, where the schema does not say that more is meant.
fn close(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    if schema.contains_key("properties") && !schema.contains_key("additionalProperties") {
        schema.insert("additionalProperties".into(), false.into());
    }
    for name in ["properties", "items"] {
        match schema.get_mut(name).and_then(Value::as_object_mut) {
            Some(properties) if name == "properties" => {
                // What a tool takes and gives is the author's.
                let ours = properties.iter_mut().filter(|(name, _)| !name.ends_with("Schema"));
                ours.for_each(|(_, property)| close(property));
            }
            Some(_) => close(&mut schema[name]),
            None => {}
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct Anything {
    /// Whatever it is.
    value: Value,
}

/// Gives structured content of any kind.
#[mcp::tool(title = "Something", read_only)]
async fn revisions_structured() -> Json<Anything> {
    Json(Anything { value: json!([1, "two"]) })
}

/// Gives a list as structured content.
#[mcp::tool]
async fn revisions_listed() -> Json<Vec<i64>> {
    Json(vec![1, 2])
}

/// Gives every kind of block.
#[mcp::tool]
async fn revisions_blocks() -> Vec<Content> {
    vec![
        Content::text("text").priority(0.5),
        Image::png(b"png").into(),
        Content::from(Audio::wav(b"wave")).audience([mcp::Role::User]),
        Content::from(Link::new("logs://app/1", "app-1").title("App log").mime("text/plain").size(5))
            .priority(1.0),
        mcp::ResourceContents::bytes(b"bytes".to_vec()).uri("test://bytes").into(),
    ]
}

/// Says how far it has come.
#[mcp::tool]
async fn revisions_progress(cx: Context) -> &'static str {
    cx.progress(Progress::new(1.0).of(2.0).message("half"));
    tokio::task::yield_now().await;
    "done"
}

/// Says it with sound and a link.
#[mcp::prompt(title = "Spoken")]
async fn revisions_prompt(
    /// Whom it greets.
    name: String,
) -> [PromptMessage; 2] {
    let link = Link::new(format!("people://{name}"), name);
    [PromptMessage::user(Audio::wav(b"wave")), PromptMessage::assistant(Content::from(link))]
}

/// Has a title and a size.
#[mcp::resource("revisions://titled", title = "Titled", size = 4, mime = "text/plain")]
async fn revisions_resource() -> &'static str {
    "four"
}

fn server() -> mcp::Server {
    crate::everything::server()
        .title("Everything")
        .description("All there is.")
        .website("https://example.com")
        .tool::<revisions_structured>()
        .tool::<revisions_listed>()
        .tool::<revisions_blocks>()
        .tool::<revisions_progress>()
        .prompt::<revisions_prompt>()
        .resource::<revisions_resource>()
        .build()
        .unwrap()
}

/// A client of one revision.
struct Speaker {
    wire: Wire,
    revision: &'static str,
    published: Published,
    next: u64,
}

impl Speaker {
    async fn new(over: Over, revision: &'static str) -> Self {
        let mut wire = Wire::connect_to(over, &server()).await;
        let mut published = Published::of(revision);
        if revision != STATELESS {
            let hello = wire.initialize_as(revision).await;
            assert_eq!(hello["result"]["protocolVersion"], revision);
            published.check("InitializeResult", &hello["result"]);
            assert_eq!(hello["result"]["instructions"], "Everything here is for tests.");
        }
        Self { wire, revision, published, next: 1 }
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        match self.revision {
            STATELESS => self.wire.send(stateless(self.next, method, params)).await,
            _ => {
                let message = json!({"jsonrpc": "2.0", "id": self.next, "method": method, "params": params});
                self.wire.send(message).await;
            }
        }
        self.wire.answer(&self.next.into()).await
    }

    /// The result, which must be what the schema calls `definition`.
    async fn result(&mut self, definition: &'static str, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params).await;
        self.published.check("JSONRPCResponse", &answer);
        self.published.check(definition, &answer["result"]);
        answer["result"].clone()
    }

    async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.result("CallToolResult", "tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    fn is_before(&self, revision: &str) -> bool {
        self.revision < revision
    }
}

/// What `everything` offers that needs no client, with arguments for it.
const CALLS: &[(&str, &str)] = &[
    ("add", r#"{"a": 1, "b": 2}"#),
    ("add", r#"{"a": "one"}"#),
    ("get_weather", r#"{"city": "Oslo"}"#),
    ("sleep", r#"{"ms": 1}"#),
    ("block", r#"{"ms": 1}"#),
    ("panic", "{}"),
    ("test_simple_text", "{}"),
    ("test_image_content", "{}"),
    ("test_audio_content", "{}"),
    ("test_embedded_resource", "{}"),
    ("test_multiple_content_types", "{}"),
    ("test_error_handling", "{}"),
    ("busy", "{}"),
    ("test_tool_with_progress", "{}"),
    ("revisions_structured", "{}"),
    ("revisions_listed", "{}"),
    ("revisions_blocks", "{}"),
];

async fn for_every_revision(mut check: impl AsyncFnMut(Speaker)) {
    for over in OVER {
        for revision in STATEFUL.into_iter().chain([STATELESS]) {
            eprintln!("{revision} over {over:?}");
            check(Speaker::new(over, revision).await).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_what_the_published_schema_of_its_revision_says() {
    for_every_revision(async |mut speaker| {
        if speaker.revision == STATELESS {
            speaker.result("DiscoverResult", "server/discover", json!({})).await;
        } else {
            assert_eq!(speaker.result("EmptyResult", "ping", json!({})).await, json!({}));
        }
        for (definition, method) in [
            ("ListToolsResult", "tools/list"),
            ("ListResourcesResult", "resources/list"),
            ("ListResourceTemplatesResult", "resources/templates/list"),
            ("ListPromptsResult", "prompts/list"),
        ] {
            speaker.result(definition, method, json!({})).await;
        }
        for (tool, arguments) in CALLS {
            speaker.call(tool, serde_json::from_str(arguments).unwrap()).await;
        }
        for uri in ["test://static-text", "test://static-binary", "test://template/1/data"] {
            speaker.result("ReadResourceResult", "resources/read", json!({"uri": uri})).await;
        }
        for prompt in ["test_simple_prompt", "test_prompt_with_image"] {
            speaker.result("GetPromptResult", "prompts/get", json!({"name": prompt})).await;
        }
        let spoken = json!({"name": "revisions_prompt", "arguments": {"name": "Ada"}});
        speaker.result("GetPromptResult", "prompts/get", spoken).await;

        let error = if speaker.is_before("2025-11-25") { "JSONRPCError" } else { "JSONRPCErrorResponse" };
        for (method, params, code) in [
            ("tools/call", json!({"name": "nothing"}), -32602),
            ("prompts/get", json!({"name": "nothing"}), -32602),
            (
                "resources/read",
                json!({"uri": "test://nothing"}),
                if speaker.revision == STATELESS { -32602 } else { -32002 },
            ),
            ("tools/list", json!({"cursor": "x"}), -32602),
            ("no/such", json!({}), -32601),
        ] {
            let answer = speaker.ask(method, params).await;
            speaker.published.check(error, &answer);
            assert_eq!(answer["error"]["code"], code, "{answer}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_revision_does_not_have_is_left_out_or_said_in_text() {
    for_every_revision(async |mut speaker| {
        let tools = speaker.ask("tools/list", json!({})).await;
        let tool = |name: &str| {
            let tools = tools["result"]["tools"].as_array().unwrap();
            tools.iter().find(|tool| tool["name"] == name).unwrap().clone()
        };
        let (add, structured, listed) = (tool("add"), tool("revisions_structured"), tool("revisions_listed"));
        let titles = !speaker.is_before("2025-06-18");
        assert_eq!(add["title"] == "Add", titles, "{add}");
        let hints = match speaker.revision {
            "2024-11-05" => Value::Null,
            "2025-03-26" => json!({"title": "Add", "readOnlyHint": true}),
            _ => json!({"readOnlyHint": true}),
        };
        assert_eq!(add["annotations"], hints);
        assert_eq!(structured["outputSchema"].is_object(), titles, "{structured}");
        assert_eq!(listed["outputSchema"].is_object(), speaker.revision == STATELESS, "{listed}");

        let called = speaker.call("revisions_structured", json!({})).await;
        assert_eq!(called["content"][0]["text"], r#"{"value":[1,"two"]}"#);
        assert_eq!(called["structuredContent"].is_object(), titles);
        assert_eq!(speaker.call("revisions_listed", json!({})).await["content"][0]["text"], "[1,2]");

        let blocks = speaker.call("revisions_blocks", json!({})).await;
        let kinds: Vec<_> = blocks["content"]
            .as_array()
            .unwrap()
            .iter()
            .map(|block| block["type"].as_str().unwrap())
            .collect();
        let expected = match speaker.revision {
            "2024-11-05" => ["text", "image", "text", "text", "resource"],
            "2025-03-26" => ["text", "image", "audio", "text", "resource"],
            _ => ["text", "image", "audio", "resource_link", "resource"],
        };
        assert_eq!(kinds, expected);
        let (audio, link) = (&blocks["content"][2], &blocks["content"][3]);
        // What a block says of itself stays, whatever stands for it.
        assert_eq!(audio["annotations"], json!({"audience": ["user"]}));
        assert_eq!(link["annotations"], json!({"priority": 1.0}));
        if !titles {
            assert_eq!(link["text"], "Resource App log: logs://app/1 (text/plain)");
        }
        if speaker.revision == "2024-11-05" {
            assert!(
                audio["text"].as_str().unwrap().starts_with("[4 bytes of audio, audio/wav, are left out")
            );
        }

        let resources = speaker.ask("resources/list", json!({})).await;
        let resources = resources["result"]["resources"].as_array().unwrap().clone();
        let titled = resources.iter().find(|resource| resource["uri"] == "revisions://titled").unwrap();
        assert_eq!(titled["title"] == "Titled", titles);
        assert_eq!(titled["size"], 4);
        let spoken = json!({"name": "revisions_prompt", "arguments": {"name": "Ada"}});
        let spoken = speaker.ask("prompts/get", spoken).await["result"]["messages"].clone();
        assert_eq!(spoken[1]["role"], "assistant");
        assert_eq!(spoken[1]["content"]["type"] == "text", !titles, "{spoken}");
    })
    .await;
}

#[tokio::test]
async fn a_server_says_of_itself_what_the_revision_has_words_for() {
    for (revision, members) in [
        ("2024-11-05", &["name", "version"] as &[_]),
        ("2025-03-26", &["name", "version"]),
        ("2025-06-18", &["name", "title", "version"]),
        ("2025-11-25", &["description", "name", "title", "version", "websiteUrl"]),
    ] {
        let mut wire = Wire::connect_to(Over::Memory, &server()).await;
        let hello = wire.initialize_as(revision).await;
        let info: Vec<_> = hello["result"]["serverInfo"].as_object().unwrap().keys().collect();
        assert_eq!(info, members, "{revision}");
        let mut capabilities = json!({
            "completions": {}, "logging": {}, "prompts": {"listChanged": true}, "tools": {"listChanged": true},
            "resources": {"listChanged": true, "subscribe": true},
        });
        if revision == "2024-11-05" {
            capabilities.as_object_mut().unwrap().remove("completions");
        }
        assert_eq!(hello["result"]["capabilities"], capabilities);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_is_told_in_words_from_2025_03_26_on() {
    for_every_revision(async |mut speaker| {
        let params = json!({"name": "revisions_progress", "_meta": {"progressToken": "p"}});
        let answer = speaker.ask("tools/call", params).await;
        assert_eq!(text(&answer), "done");
        let notices = speaker.wire.others();
        assert_eq!(notices.len(), 1);
        speaker.published.check("ProgressNotification", notices.first().unwrap_or(&Value::Null));
        let params = &notices.first().unwrap()["params"];
        assert_eq!(params["progressToken"], "p");
        assert_eq!(params["message"] == "half", speaker.revision > "2024-11-05", "{params}");
    })
    .await;
}

#[tokio::test]
async fn a_client_of_a_revision_that_is_not_served_is_offered_the_newest() {
    let mut wire = Wire::connect_to(Over::Memory, &server()).await;
    let params = json!({"protocolVersion": "2024-10-07", "capabilities": {}, "clientInfo": {}});
    let hello = wire.ask_in_session(1, "initialize", params).await;
    assert_eq!(hello["result"]["protocolVersion"], "2025-11-25");
}

/// Posts a message in a session, if one is given, with a version header, if one is given.
async fn post(url: &str, session: Option<&str>, version: Option<&str>, message: &Value) -> Answer {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(session.map(|session| ("mcp-session-id", session)));
    headers.extend(version.map(|version| ("mcp-protocol-version", version)));
    send(url, "POST", &headers, message.to_string()).await
}

async fn begin(url: &str, revision: &str) -> String {
    let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
    }});
    let answer = post(url, None, None, &hello).await;
    answer.headers["mcp-session-id"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_revision_of_a_session_is_what_initialize_agreed_on_whatever_the_header_says() {
    let url = serve_http(&server()).await;
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    for revision in STATEFUL {
        let session = begin(&url, revision).await;
        // Another revision that is served is neither invalid nor unsupported, and nothing but those is refused.
        for version in [None, Some(revision), Some("2025-03-26"), Some("2025-11-25")] {
            let answer = post(&url, Some(&session), version, &list).await;
            assert_eq!(answer.status, 200, "{version:?}: {}", answer.body);
            let tools = answer.body["result"]["tools"].as_array().unwrap();
            let add = tools.iter().find(|tool| tool["name"] == "add").unwrap();
            assert_eq!(add["title"] == "Add", revision >= "2025-06-18", "{revision} {version:?}: {add}");
        }
        for version in ["2024-10-07", "", "latest"] {
            assert_eq!(post(&url, Some(&session), Some(version), &list).await.status, 400, "{version:?}");
        }
    }
    // Without a session there is none that the header could name, so its absence, which means 2025-03-26, is no help.
    for version in [None, Some("2025-03-26"), Some("2024-11-05")] {
        let answer = post(&url, None, version, &list).await;
        assert_eq!((answer.status, answer.code()), (400, -32600), "{version:?}");
        assert!(answer.body["error"]["message"].as_str().unwrap().contains("mcp-session-id"));
    }
}
