//! A session goes on at any machine.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use mcp::http::Exposure;
use mcp::{Context, Level, Server, State, ToolError};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::real::Real;
use super::two;
use crate::http::{Answer, Believe, send};
use crate::record::Client;
use crate::wire::{STATEFUL, serve_http, text};

/// All notes.
#[mcp::resource("notes://all")]
async fn notes() -> &'static str {
    "none"
}

/// Says so at two levels, and who asked.
#[mcp::tool]
async fn say(cx: Context) -> String {
    cx.log(Level::Debug, "quietly");
    cx.log(Level::Error, "loudly");
    cx.client().name().unwrap_or_default()
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Name {
    name: String,
}

/// Asks for a name.
#[mcp::tool]
async fn greet(cx: Context) -> Result<String, ToolError> {
    let Name { name } = cx.elicit("Who?").await?;
    Ok(format!("hello {name}"))
}

struct Gone(Notify);

/// Waits until it is cancelled.
#[mcp::tool]
async fn wait(gone: State<Gone>) -> &'static str {
    struct Guard(State<Gone>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.0.notify_one();
        }
    }
    let _guard = Guard(gone);
    std::future::pending().await
}

async fn machines(redis: &Real) -> ([Server; 2], [String; 2]) {
    let servers = two(redis, || {
        let exposure = Exposure::public(["127.0.0.1"], [""; 0], Believe);
        mcp::server!()
            .explicit()
            .tool::<say>()
            .tool::<greet>()
            .tool::<wait>()
            .resource::<notes>()
            .state(Gone(Notify::new()))
            .exposure(exposure)
    });
    let urls = [serve_http(&servers[0]).await, serve_http(&servers[1]).await];
    (servers, urls)
}

pub fn head(session: Option<&str>) -> Vec<(&str, &str)> {
    let mut head = vec![
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("x-user", "ada"),
    ];
    if let Some(session) = session {
        head.extend([("mcp-session-id", session), ("mcp-protocol-version", STATEFUL)]);
    }
    head
}

async fn initialize(url: &str) -> Answer {
    let message = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": STATEFUL, "capabilities": {"elicitation": {}}, "clientInfo": {"name": "ada's", "version": "1"}}});
    send(url, "POST", &head(None), message.to_string()).await
}

pub async fn begin(url: &str) -> String {
    initialize(url).await.headers["mcp-session-id"].to_str().unwrap().to_owned()
}

fn request(id: u64, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

async fn ask(url: &str, session: &str, method: &str, params: Value) -> Answer {
    let mut head = head(Some(session));
    head[1].1 = "application/json";
    send(url, "POST", &head, request(1, method, params).to_string()).await
}

/// The messages of a stream of events, as they come.
pub struct Events {
    body: crate::record::Body,
    text: Vec<u8>,
    /// The name of the last event.
    pub last: String,
}

impl Events {
    pub async fn of(url: &str, method: &str, session: &str, message: Option<&Value>) -> Self {
        Self::open(url, method, &head(Some(session)), message).await
    }

    /// Comes back for what was said after an event.
    pub async fn after(url: &str, session: &str, last: &str) -> Self {
        let mut head = head(Some(session));
        head.push(("last-event-id", last));
        Self::open(url, "GET", &head, None).await
    }

    async fn open(url: &str, method: &str, head: &[(&str, &str)], message: Option<&Value>) -> Self {
        let mut request = http::Request::builder().method(method).uri(url);
        for (name, value) in head.iter().copied() {
            request = request.header(name, value);
        }
        let body = message.map(Value::to_string).unwrap_or_default();
        let response = Client::new().request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        Self { body: response.into_body(), text: Vec::new(), last: String::new() }
    }

    pub async fn next(&mut self) -> Option<Value> {
        let next = async {
            loop {
                while let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = self.text.drain(..=end).collect();
                    if let Some(id) = line.strip_prefix(b"id: ") {
                        self.last = String::from_utf8_lossy(id).trim().to_owned();
                    }
                    if let Some(data) = line.strip_prefix(b"data: ").filter(|data| data.len() > 1) {
                        return Some(serde_json::from_slice(data).unwrap());
                    }
                }
                let data = self.body.frame().await?.unwrap().into_data().unwrap();
                self.text.extend_from_slice(&data);
            }
        };
        tokio::time::timeout(Duration::from_secs(20), next).await.expect("nothing was said")
    }
}

async fn levels(url: &str, session: &str) -> Vec<String> {
    let call = request(7, "tools/call", json!({"name": "say", "arguments": {}}));
    let mut events = Events::of(url, "POST", session, Some(&call)).await;
    let mut levels = Vec::new();
    loop {
        let said = events.next().await.unwrap();
        if said["id"] == 7 {
            assert_eq!(text(&said), "ada's");
            return levels;
        }
        levels.push(said["params"]["level"].as_str().unwrap().to_owned());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_agreed_at_one_machine_holds_at_the_other() {
    let redis = Real::start().await;
    let (_servers, [here, there]) = machines(&redis).await;
    let session = begin(&here).await;
    assert_eq!(levels(&there, &session).await, ["error"]);
    let set = ask(&there, &session, "logging/setLevel", json!({"level": "debug"})).await;
    assert_eq!(set.status, 200, "{}", set.body);
    assert_eq!(levels(&here, &session).await, ["debug", "error"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_listens_at_one_machine_hears_of_what_he_subscribed_to_at_the_other() {
    let redis = Real::start().await;
    let (servers, [here, there]) = machines(&redis).await;
    let session = begin(&here).await;
    let mut changes = Events::of(&there, "GET", &session, None).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(ask(&here, &session, "resources/subscribe", json!({"uri": "notes://all"})).await.status, 200);
    tokio::time::sleep(Duration::from_millis(500)).await;
    servers[0].resource_updated("notes://all");
    loop {
        let told = changes.next().await.unwrap();
        if told["method"] == "notifications/resources/updated" {
            assert_eq!(told["params"]["uri"], "notes://all");
            break;
        }
    }
    // And what he does not want any more he does not hear of, at either.
    assert_eq!(
        ask(&there, &session, "resources/unsubscribe", json!({"uri": "notes://all"})).await.status,
        200
    );
    tokio::time::sleep(Duration::from_millis(500)).await;
    servers[0].resource_updated("notes://all");
    servers[0].prompts_changed();
    loop {
        let told = changes.next().await.unwrap();
        assert_ne!(told["method"], "notifications/resources/updated", "{told}");
        if told["method"] == "notifications/prompts/list_changed" {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_and_a_cancellation_reach_the_machine_where_the_call_is() {
    let redis = Real::start().await;
    let (servers, [here, there]) = machines(&redis).await;
    let session = begin(&here).await;
    let call = request(3, "tools/call", json!({"name": "greet", "arguments": {}}));
    let mut events = Events::of(&here, "POST", &session, Some(&call)).await;
    let question = events.next().await.unwrap();
    assert_eq!(question["method"], "elicitation/create");
    let answer = json!({"jsonrpc": "2.0", "id": question["id"],
        "result": {"action": "accept", "content": {"name": "Ada"}}});
    // Both machines have the session now, and only one has asked.
    assert_eq!(send(&there, "POST", &head(Some(&session)), answer.to_string()).await.status, 202);
    assert_eq!(text(&events.next().await.unwrap()), "hello Ada");

    let call = request(4, "tools/call", json!({"name": "wait", "arguments": {}}));
    let waiting = tokio::spawn({
        let (here, session) = (here.clone(), session.clone());
        async move { Events::of(&here, "POST", &session, Some(&call)).await.next().await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 4}});
    assert_eq!(send(&there, "POST", &head(Some(&session)), cancel.to_string()).await.status, 202);
    let gone = servers[0].state::<Gone>().unwrap();
    tokio::time::timeout(Duration::from_secs(20), gone.0.notified()).await.expect("it goes on");
    assert_eq!(waiting.await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_its_principals_and_ends_everywhere() {
    let redis = Real::start().await;
    let (_servers, [here, there]) = machines(&redis).await;
    let session = begin(&here).await;
    let mut eve = head(Some(&session));
    eve[2].1 = "eve";
    let ping = request(1, "ping", json!({})).to_string();
    assert_eq!(send(&there, "POST", &eve, ping.clone()).await.status, 404);
    assert_eq!(send(&there, "DELETE", &eve, "").await.status, 404);
    // Another program of the same person is another caller.
    let mut program = head(Some(&session));
    program.push(("x-program", "mail"));
    assert_eq!(send(&there, "POST", &program, ping.clone()).await.status, 404);
    assert_eq!(ask(&there, &session, "ping", json!({})).await.status, 200);
    assert_eq!(send(&there, "DELETE", &head(Some(&session)), "").await.status, 200);
    for url in [&here, &there] {
        assert_eq!(ask(url, &session, "ping", json!({})).await.status, 404);
    }
    assert_eq!(ask(&here, &"0".repeat(32), "ping", json!({})).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_a_session_goes_on_where_it_is_known_and_elsewhere_waits() {
    let mut redis = Real::start().await;
    let (_servers, [here, there]) = machines(&redis).await;
    let session = begin(&here).await;
    redis.kill();
    assert_eq!(ask(&here, &session, "ping", json!({})).await.status, 200);
    for refused in [ask(&there, &session, "ping", json!({})).await, initialize(&here).await] {
        assert_eq!(refused.status, 503, "{}", refused.body);
        assert!(refused.headers.contains_key("retry-after"), "{:?}", refused.headers);
    }
    // It comes back, and has forgotten everything: whoever knows the session keeps it again.
    redis.restart().await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(ask(&here, &session, "ping", json!({})).await.status, 200);
    assert_eq!(ask(&there, &session, "ping", json!({})).await.status, 200);
}
