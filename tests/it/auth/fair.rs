//! Whoever takes much leaves room for others.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::TokioExecutor;
use mcp::ServerBuilder;
use mcp::auth::ApiKeys;
use serde_json::{Value, json};

use super::{Served, serve};
use crate::http::{Answer, post, send};
use crate::wire::{STATEFUL, headers_of, stateless};

const MALLORY: &str = "sk-mallory-0123456789";
const ADA: &str = "sk-ada-0123456789abcd";

/// Takes until the caller has gone.
#[mcp::tool]
async fn forever() -> String {
    std::future::pending().await
}

async fn served(change: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Served {
    let keys = ApiKeys::new().header("x-api-key").key("mallory", MALLORY, [""; 0]).key("ada", ADA, [""; 0]);
    serve(|_| keys.into(), |builder| change(builder.tool::<forever>())).await
}

async fn say(served: &Served, key: &str, session: Option<&str>, message: Value) -> Answer {
    let mut headers = vec![("content-type", "application/json"), ("x-api-key", key)];
    headers.extend(session.map(|session| ("mcp-session-id", session)));
    send(&served.url, "POST", &headers, message.to_string()).await
}

/// A request that is not waited for: its head is there, or it is refused.
async fn begin(served: &Served, key: &str, message: &Value) -> http::Response<Incoming> {
    let mut request = http::Request::post(&served.url)
        .header("accept", "application/json, text/event-stream")
        .header("content-type", "application/json")
        .header("x-api-key", key);
    for (name, value) in headers_of(message, None) {
        request = request.header(name, value);
    }
    let client = Hyper::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let body = Full::new(message.to_string().into());
    client.request(request.body(body).unwrap()).await.unwrap()
}

#[tokio::test]
async fn whoever_begins_session_after_session_ends_his_own_and_nobody_elses() {
    let served = served(|builder| builder.max_sessions(10)).await;
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": STATEFUL, "capabilities": {}, "clientInfo": {"name": "!", "version": "1"},
    }});
    let begun = say(&served, ADA, None, hello.clone()).await;
    let session = begun.headers["mcp-session-id"].to_str().unwrap().to_owned();
    for _ in 0..50 {
        assert_eq!(say(&served, MALLORY, None, hello.clone()).await.status, 200);
    }
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    assert_eq!(say(&served, ADA, Some(&session), ping).await.status, 200);
}

#[tokio::test]
async fn no_caller_takes_all_places() {
    let listen = stateless(7, "subscriptions/listen", json!({"notifications": {"toolsListChanged": true}}));
    let served = served(|builder| builder.max_in_flight(8)).await;
    let mut taken = Vec::new();
    for _ in 0..20 {
        taken.push(begin(&served, MALLORY, &listen).await);
    }
    let open = taken.iter().filter(|response| response.status() == 200).count();
    let refused: Vec<_> = taken.iter().filter(|response| response.status() == 503).collect();
    assert_eq!((open, refused.len()), (4, 16));
    assert!(refused.iter().all(|response| response.headers().contains_key("retry-after")));
    let who = stateless(1, "tools/call", json!({"name": "who"}));
    assert_eq!(begin(&served, ADA, &who).await.status(), 200);
    // What ends gives its place back.
    drop(taken);
    let again = async { while begin(&served, MALLORY, &listen).await.status() != 200 {} };
    tokio::time::timeout(Duration::from_secs(5), again).await.unwrap();
    let calls = stateless(2, "tools/call", json!({"name": "forever"}));
    let served = &served;
    let flood = async { futures::future::join_all((0..20).map(|_| begin(served, MALLORY, &calls))).await };
    let other = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        begin(served, ADA, &who).await.status()
    };
    tokio::select! {
        _ = flood => panic!("a call that takes for ever has ended"),
        status = other => assert_eq!(status, 200),
    }
}

/// Goes on for ever, by itself.
#[mcp::tool(task)]
async fn endless() -> String {
    std::future::pending().await
}

#[tokio::test]
async fn no_caller_has_all_tasks() {
    let served = served(|builder| builder.tool::<endless>().tasks(mcp::Tasks::new().most(8))).await;
    let mut message = stateless(1, "tools/call", json!({"name": "endless"}));
    message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
        json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
    let begin = async |key: &str| {
        let answer = post(&served.url, &message, &[("x-api-key", Some(key))]).await;
        assert_eq!(answer.status, 200);
        answer.body["result"]["taskId"].is_string()
    };
    let mut begun = 0;
    for _ in 0..20 {
        begun += usize::from(begin(MALLORY).await);
    }
    assert_eq!(begun, 4);
    assert!(begin(ADA).await);
}
