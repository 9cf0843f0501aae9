//! Any machine can be asked for a task.

use std::time::{Duration, Instant};

use mcp::{Context, Peer, Server, ToolError};
use serde_json::{Value, json};

use super::real::Real;
use super::two;
use crate::wire::stateless;

const ID: &str = "io.modelcontextprotocol/tasks";

/// Takes its time.
#[mcp::tool(task)]
async fn slow(ms: u64) -> String {
    tokio::time::sleep(Duration::from_millis(ms)).await;
    format!("slept {ms} ms")
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Name {
    name: String,
}

/// Asks when it is a task.
#[mcp::tool(task(deferred))]
async fn asks(cx: Context) -> Result<String, ToolError> {
    cx.start_task().await;
    let Name { name } = cx.elicit("Who?").key("who").await?;
    Ok(format!("hello {name}"))
}

fn machines(redis: &Real) -> [Server; 2] {
    two(redis, || mcp::server!().explicit().tool::<slow>().tool::<asks>())
}

async fn ask(server: &Server, method: &str, mut params: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
        json!({"elicitation": {}, "extensions": {ID: {}}});
    let message = stateless(1, method, params).to_string();
    let reply = server.handle(message.as_bytes(), &Peer::connection()).next().await.unwrap();
    serde_json::from_slice(reply.body()).unwrap()
}

async fn begin(server: &Server, tool: &str, arguments: Value) -> Value {
    let answer = ask(server, "tools/call", json!({"name": tool, "arguments": arguments})).await;
    assert!(answer["result"]["taskId"].is_string(), "{answer}");
    answer["result"]["taskId"].clone()
}

async fn until(server: &Server, id: &Value, status: &str) -> Value {
    let begun = Instant::now();
    loop {
        let task = ask(server, "tasks/get", json!({"taskId": id})).await;
        if task["result"]["status"] == status {
            return task["result"].clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(40), "{task}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_task_is_known_at_the_other_machine_while_it_runs_and_when_it_has_ended() {
    let redis = Real::start().await;
    let [here, there] = machines(&redis);
    let id = begin(&here, "slow", json!({"ms": 300})).await;
    until(&there, &id, "working").await;
    let task = until(&there, &id, "completed").await;
    assert_eq!(task["result"]["content"][0]["text"], "slept 300 ms");
}

#[tokio::test]
async fn answers_and_cancellations_reach_the_machine_that_runs_the_task() {
    let redis = Real::start().await;
    let [here, there] = machines(&redis);
    let id = begin(&here, "asks", json!({})).await;
    until(&there, &id, "input_required").await;
    let answers = json!({"who": {"action": "accept", "content": {"name": "Ada"}}});
    ask(&there, "tasks/update", json!({"taskId": id, "inputResponses": answers})).await;
    let task = until(&there, &id, "completed").await;
    assert_eq!(task["result"]["content"][0]["text"], "hello Ada");

    let id = begin(&here, "slow", json!({"ms": 60_000})).await;
    ask(&there, "tasks/cancel", json!({"taskId": id})).await;
    until(&there, &id, "cancelled").await;
    assert_eq!(until(&here, &id, "cancelled").await["status"], "cancelled");
}

#[test]
fn a_task_whose_machine_is_gone_has_failed() {
    let [first, second] = [(), ()].map(|()| tokio::runtime::Runtime::new().unwrap());
    let redis = second.block_on(Real::start());
    let [here, there] = machines(&redis);
    let id = first.block_on(begin(&here, "slow", json!({"ms": 600_000})));
    second.block_on(until(&there, &id, "working"));
    // Nothing of it runs any more, and nobody says that it lives.
    first.shutdown_timeout(Duration::from_secs(1));
    let died = Instant::now();
    let task = second.block_on(until(&there, &id, "failed"));
    println!("a machine was found gone after {:?}", died.elapsed());
    assert_eq!(task["error"]["message"], "the machine that ran it is gone");
    drop(here);
}

#[tokio::test]
async fn a_task_that_ends_while_redis_is_away_is_known_when_it_is_back() {
    let redis = Real::start().await;
    let [here, there] = machines(&redis);
    let id = begin(&here, "slow", json!({"ms": 500})).await;
    redis.freeze();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let unknown = ask(&there, "tasks/get", json!({"taskId": id})).await;
    assert!(unknown["error"]["message"].as_str().unwrap().contains("cannot be read now"), "{unknown}");
    let refused = ask(&here, "tools/call", json!({"name": "slow", "arguments": {"ms": 1}})).await;
    assert!(
        refused["result"]["content"][0]["text"].as_str().unwrap().contains("cannot be kept"),
        "{refused}"
    );
    redis.thaw();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(until(&there, &id, "completed").await["status"], "completed");
}
