//! What is done once is done once by all machines together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp::{Context, Peer, Server, State, ToolError};
use serde_json::{Value, json};

use super::real::Real;
use super::two;
use crate::wire::stateless;

#[derive(Clone, Default)]
struct Runs(Arc<AtomicUsize>);

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Sure {
    sure: bool,
}

/// Deletes something when that is confirmed, and asks how it was.
#[mcp::tool]
async fn delete(cx: Context, runs: State<Runs>) -> Result<String, ToolError> {
    let Sure { sure } = cx.elicit("Sure?").key("sure").await?;
    let number = cx
        .once("delete", async {
            let number = runs.0.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::time::sleep(Duration::from_millis(200)).await;
            Ok::<_, ToolError>(number)
        })
        .await?;
    Ok(format!("deletion {number}, {sure}"))
}

async fn send(server: &Server, params: Value) -> Value {
    let mut message = stateless(1, "tools/call", params);
    message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
        json!({"elicitation": {"form": {}}});
    let mut replies = server.handle(message.to_string().as_bytes(), &Peer::connection());
    let reply = replies.next().await.unwrap();
    serde_json::from_slice(reply.body()).unwrap()
}

fn machines(redis: &Real) -> ([Server; 2], Runs) {
    let runs = Runs::default();
    (two(redis, || mcp::server!().explicit().tool::<delete>().state(runs.clone())), runs)
}

/// The answer to the question, with the state that one machine gave.
async fn answer_to(asked: &Value) -> Value {
    let state = &asked["result"]["requestState"];
    assert!(state.is_string(), "{asked}");
    json!({"name": "delete", "arguments": {}, "requestState": state,
        "inputResponses": {"sure": {"action": "accept", "content": {"sure": true}}}})
}

#[tokio::test]
async fn an_answer_that_is_sent_to_both_machines_is_acted_on_once() {
    let redis = Real::start().await;
    let (servers, runs) = machines(&redis);
    let answer = answer_to(&send(&servers[0], json!({"name": "delete", "arguments": {}})).await).await;
    let runs_at_once = (0..10).map(|number| {
        let (server, answer) = (servers[number % 2].clone(), answer.clone());
        tokio::spawn(async move { send(&server, answer).await })
    });
    for answered in runs_at_once.collect::<Vec<_>>() {
        let answered = answered.await.unwrap();
        assert_eq!(answered["result"]["content"][0]["text"], "deletion 1, true", "{answered}");
    }
    assert_eq!(runs.0.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn without_redis_nothing_is_done() {
    let mut redis = Real::start().await;
    let (servers, runs) = machines(&redis);
    let answer = answer_to(&send(&servers[0], json!({"name": "delete", "arguments": {}})).await).await;
    redis.kill();
    let refused = send(&servers[1], answer.clone()).await;
    assert!(refused["error"]["message"].as_str().unwrap().contains("cannot be told"), "{refused}");
    assert_eq!(runs.0.load(Ordering::SeqCst), 0);
    redis.restart().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let answered = send(&servers[1], answer).await;
    assert_eq!(answered["result"]["content"][0]["text"], "deletion 1, true", "{answered}");
}
