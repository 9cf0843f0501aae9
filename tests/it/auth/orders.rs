//! The example `orders`, as a process: who may do what there is said by its environment, or by tokens.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use super::issuer::Issuer;
use super::text;
use crate::http::post;
use crate::wire::{example, stateless};

/// What the process answers to these messages.
async fn over_stdio(scopes: Option<&str>, messages: &[Value]) -> Vec<Value> {
    let mut command = Command::new(example("orders"));
    command.env_remove("MCP_SCOPES").env_remove("MCP_PRINCIPAL");
    if let Some(scopes) = scopes {
        command.env("MCP_SCOPES", scopes).env("MCP_PRINCIPAL", "ada");
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("example orders does not start ({error}): cargo build --examples"));
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut answers = Vec::new();
    for message in messages {
        stdin.write_all(format!("{message}\n").as_bytes()).await.unwrap();
        let line = lines.next_line().await.unwrap().expect("an answer");
        answers.push(serde_json::from_str(&line).unwrap());
    }
    answers
}

fn call(tool: &str, arguments: Value) -> Value {
    stateless(1, "tools/call", json!({"name": tool, "arguments": arguments}))
}

fn names(listed: &Value) -> Vec<&str> {
    let tools = listed["result"]["tools"].as_array().unwrap_or_else(|| panic!("{listed}"));
    tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn on_standard_input_whoever_starts_the_process_says_who_calls_and_what_he_may() {
    let list = stateless(1, "tools/list", json!({}));
    let place = call("place_order", json!({"item": "bolts", "euros": 12}));
    let answers = over_stdio(None, &[list.clone(), place.clone()]).await;
    assert_eq!(names(&answers[0]), [""; 0]);
    assert!(text(&answers[1]).starts_with("tool \"place_order\" needs the scope orders:write"));

    let answers =
        over_stdio(Some("orders:write"), &[list, place, call("refund_order", json!({"number": 1}))]).await;
    assert_eq!(names(&answers[0]), ["list_orders", "place_order", "report"], "whoever may write may read");
    assert_eq!(answers[1]["result"]["structuredContent"]["by"], "ada");
    assert!(text(&answers[2]).contains("needs the scope orders:refund"));
}

#[tokio::test]
async fn over_http_tokens_say_it_and_a_refund_asks() {
    let issuer = Issuer::start().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let url = format!("http://{address}/mcp");
    let mut child = Command::new(example("orders"))
        .args(["--http", &address.to_string()])
        .envs([("ISSUER", &issuer.url), ("RESOURCE", &url)])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    while !log.next_line().await.unwrap().expect("it serves").contains("serving Streamable HTTP") {}

    let ask = async |scopes: &str, message: Value| {
        let bearer = format!("Bearer {}", issuer.token(&url, scopes));
        post(&url, &message, &[("authorization", Some(&bearer))]).await
    };
    let place = call("place_order", json!({"item": "bolts", "euros": 12}));
    assert_eq!(post(&url, &place, &[]).await.status, 401);
    assert_eq!(ask("orders:read", place.clone()).await.status, 403);
    let placed = ask("orders:write", place).await;
    assert_eq!(placed.body["result"]["structuredContent"]["by"], "ada");
    let uri = stateless(1, "resources/read", json!({"uri": "orders://1"}));
    assert_eq!(ask("orders:refund", uri).await.status, 200);

    let mut refund = call("refund_order", json!({"number": 1}));
    refund["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
        json!({"elicitation": {"form": {}}});
    let asked = ask("orders:refund", refund.clone()).await.body["result"].take();
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let key = asked["inputRequests"].as_object().unwrap().keys().next().unwrap().clone();
    refund["params"]["requestState"] = asked["requestState"].clone();
    refund["params"]["inputResponses"] = json!({key: {"action": "accept", "content": {"agreed": true}}});
    // The state is of no use to whoever may not do it, nor to anybody else.
    assert_eq!(ask("orders:write", refund.clone()).await.status, 403);
    assert_eq!(text(&ask("orders:refund", refund).await.body), "12 euros are on their way");
}
