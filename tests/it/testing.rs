//! The client that authors test their tools with: in both eras alike.

use std::sync::Mutex;
use std::time::Duration;

use mcp::testing::{Changed, Client, accept, both, cancel, decline};
use mcp::{AskError, Context, Json, Level, Principal, Server, State, ToolError};
use serde_json::{Value, json};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Name {
    name: String,
}

/// Asks for two names at once, and then for a third.
#[mcp::tool]
async fn names(cx: Context) -> Result<String, ToolError> {
    let zoe = cx.elicit::<Name>("The first?").key("z");
    let (z, a) = tokio::try_join!(zoe, cx.elicit::<Name>("The second?").key("a"))?;
    let third: Name = cx.elicit("The third?").await?;
    Ok(format!("{} {} {}", z.name, a.name, third.name))
}

/// Tells how a question ended.
#[mcp::tool]
async fn ended(cx: Context) -> String {
    match cx.elicit::<Name>("Who?").key("who").await {
        Ok(name) => name.name,
        Err(AskError::Declined { .. }) => "declined".into(),
        Err(AskError::Dismissed { .. }) => "cancelled".into(),
        Err(AskError::Unsupported { .. }) => "unsupported".into(),
        Err(error) => format!("failed: {error}"),
    }
}

/// Asks the model, the client, and the person to visit a page.
#[mcp::tool]
async fn everybody(cx: Context) -> Result<String, ToolError> {
    let said = cx.sample("Say something.").key("said").await?;
    let roots = cx.roots().key("roots").await?;
    cx.visit("Sign in.", "https://example.com/").key("page").await?;
    Ok(format!("{} {}", said.text(), roots[0].uri))
}

/// Says how far it is.
#[mcp::tool]
async fn busy(cx: Context) -> Json<Vec<u8>> {
    cx.progress((1, 2));
    cx.log(Level::Debug, "half");
    cx.progress((2, 2));
    cx.log(Level::Error, json!({"done": true}));
    Json(vec![1, 2])
}

/// Waits, and notes what came of it.
#[mcp::tool]
async fn wait(seconds: u64, notes: State<Mutex<Vec<&'static str>>>) -> &'static str {
    struct Note<'a>(&'a Mutex<Vec<&'static str>>);
    impl Drop for Note<'_> {
        fn drop(&mut self) {
            self.0.lock().unwrap().push("over");
        }
    }
    let _note = Note(&notes);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    "waited"
}

/// Tells who calls.
#[mcp::tool]
async fn who(principal: Principal) -> String {
    format!("{principal:?}")
}

/// Fails, or gives text.
#[mcp::tool]
async fn maybe(text: Option<String>) -> Result<String, ToolError> {
    text.ok_or_else(|| ToolError::invalid_input("there is no text"))
}

/// Is watched.
#[mcp::resource("watched://it")]
async fn watched() -> &'static str {
    "it"
}

fn server() -> Server {
    mcp::server!().only(module_path!()).state(Mutex::<Vec<&'static str>>::default()).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn questions_are_answered_in_order_in_both_eras() {
    let server = server();
    for client in both(&server) {
        let client = client.answers(["Ada", "Zoe", "Max"].map(|name| accept(json!({"name": name}))));
        let result = client.call("names", json!({})).await.unwrap();
        assert_eq!(result.text(), "Ada Zoe Max", "{}", client.era());
        let asked: Vec<_> = result.asked().iter().map(|asked| (asked.message(), asked.key())).collect();
        assert_eq!(asked[..2], [("The first?", "z"), ("The second?", "a")], "{}", client.era());
        assert_eq!(asked[2].0, "The third?");
        assert!(result.asked()[2].key().starts_with("elicit-"), "{asked:?}");

        let error = client.call("ended", json!({})).await.unwrap_err();
        assert_eq!(error.message, r#"the script has no answer to "who" "Who?" (elicitation/create)"#);
    }
}

#[tokio::test(start_paused = true)]
async fn questions_are_answered_by_their_keys_in_both_eras() {
    let server = server();
    for client in both(&server) {
        let client = client.on_elicit(|asked| match asked.key() {
            "z" => accept(json!({"name": "Z"})),
            "a" => accept(json!({"name": "A"})),
            _ => accept(json!({"name": asked.params()["requestedSchema"]["required"][0]})),
        });
        assert_eq!(client.call("names", json!({})).await.unwrap().text(), "Z A name");
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_may_decline_or_cancel_and_a_client_without_a_script_declares_nothing() {
    let server = server();
    for (answer, ended) in
        [(decline(), "declined"), (cancel(), "cancelled"), (accept(json!({"name": "x"})), "x")]
    {
        for client in both(&server) {
            let client = client.answers([answer.clone()]);
            assert_eq!(client.call("ended", json!({})).await.unwrap().text(), ended, "{}", client.era());
        }
    }
    for client in both(&server) {
        assert_eq!(client.call("ended", json!({})).await.unwrap().text(), "unsupported");
        let client = client.on_sample(|_| "nobody asks");
        assert_eq!(client.call("ended", json!({})).await.unwrap().text(), "unsupported");
    }
}

#[tokio::test(start_paused = true)]
async fn the_model_the_client_and_pages_are_scripted() {
    let server = server();
    for client in both(&server) {
        let client = client
            .on_sample(|asked| format!("You said: {}", asked.message()))
            .roots(["file:///work"])
            .on_elicit(|asked| match asked.url() {
                Some("https://example.com/") => accept(Value::Null),
                _ => decline(),
            });
        let result = client.call("everybody", json!({})).await.unwrap().ok().unwrap();
        assert_eq!(result.text(), "You said: Say something. file:///work");
        let keys: Vec<_> = result.asked().iter().map(mcp::testing::Asked::key).collect();
        assert_eq!(keys, ["said", "roots", "page"], "{}", client.era());
    }
}

#[tokio::test(start_paused = true)]
async fn progress_and_log_messages_are_seen() {
    let server = server();
    for client in both(&server) {
        let result = client.call("busy", json!({})).await.unwrap();
        let progress: Vec<_> = result.progress().iter().map(|notice| notice["progress"].clone()).collect();
        assert_eq!(progress, [1, 2], "{}", client.era());
        let logs: Vec<_> = result.logs().iter().map(|log| (&log["level"], &log["data"])).collect();
        assert_eq!(logs, [(&json!("debug"), &json!("half")), (&json!("error"), &json!({"done": true}))]);
        assert_eq!(result.json::<Vec<u8>>().unwrap(), [1, 2]);
        let client = client.log_level(Level::Error);
        assert_eq!(client.call("busy", json!({})).await.unwrap().logs().len(), 1, "{}", client.era());
    }
}

#[tokio::test(start_paused = true)]
async fn what_failed_reads_well() {
    let server = server();
    for client in both(&server) {
        let call = async |arguments| client.call("maybe", arguments).await.unwrap();
        let failed = call(json!({})).await.json::<u8>().unwrap_err();
        assert!(format!("{failed:?}").starts_with("the tool failed: "), "{failed:?}");
        assert!(format!("{failed}").contains("there is no text"), "{failed}");
        let other = call(json!({"text": "seven"})).await;
        assert_eq!(other.to_string(), "seven");
        let other = other.json::<u8>().unwrap_err().to_string();
        assert!(other.starts_with("the tool gave no u8: ") && other.ends_with(", in seven"), "{other}");
        assert_eq!(call(json!({"text": "7"})).await.json::<u8>().unwrap(), 7);
        let unknown = client.call("mayb", json!({})).await.unwrap_err();
        assert!(unknown.to_string().contains("did you mean \"maybe\""), "{unknown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_is_cancelled_by_the_client_or_when_nobody_waits_for_it() {
    let server = server();
    let notes = server.state::<Mutex<Vec<&'static str>>>().unwrap();
    let ended = || std::mem::take(&mut *notes.lock().unwrap()).len();
    for client in both(&server) {
        let second = || tokio::time::sleep(Duration::from_secs(1));
        let cancelled = client.call_until("wait", json!({"seconds": 2}), second()).await.unwrap();
        assert!(cancelled.is_none(), "{}", client.era());
        assert_eq!(ended(), 1, "the tool has stopped: {}", client.era());
        let quick = client.call_until("wait", json!({"seconds": 0}), second()).await.unwrap();
        assert_eq!(quick.unwrap().text(), "waited");
        assert_eq!(ended(), 1);
        let call = client.call("wait", json!({"seconds": 2}));
        assert!(tokio::time::timeout(Duration::from_secs(1), call).await.is_err());
        assert_eq!(ended(), 1, "{}", client.era());
        assert!(client.call_until("nothing", json!({}), second()).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn changes_are_heard_of_in_both_eras() {
    let server = server();
    for client in both(&server) {
        let mut changes = client.listen(&["watched://it"]).await.unwrap();
        assert_eq!(changes.seen(), []);
        server.resource_updated("watched://it");
        server.tools_changed();
        let mut seen = changes.seen();
        seen.sort();
        assert_eq!(seen, [Changed::Tools, Changed::Resource("watched://it".into())], "{}", client.era());
        server.prompts_changed();
        assert_eq!(changes.next().await, Some(Changed::Prompts), "{}", client.era());
        let nothing = tokio::time::timeout(Duration::from_secs(9), changes.next()).await;
        assert!(nothing.is_err(), "{nothing:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_calls_is_said_before_or_after_the_script() {
    let server = server();
    for client in [Client::stateless(&server), Client::stateful(&server).await.unwrap()] {
        let client = client.roots(["a:b"]).principal(Principal::new("test", "ada")).answers([]);
        let said = client.call("who", json!({})).await.unwrap().text();
        assert!(said.contains("ada"), "{said}");
    }
}

#[test]
fn a_catalogue_is_a_snapshot_in_one_line() {
    let catalogue = mcp::server!().explicit().tool::<maybe>().catalogue().unwrap();
    let expected = r#"[tool "maybe"]
description = "Fails, or gives text."
inputSchema.additionalProperties = false
inputSchema.properties.text.type = "string"
inputSchema.type = "object"
"#;
    assert_eq!(catalogue.to_string(), expected);
}
