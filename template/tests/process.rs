//! The program, as somebody would start it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

const PROGRAM: &str = env!("CARGO_BIN_EXE_{{project-name}}");

fn start(arguments: &[&str]) -> Child {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.kill_on_drop(true).spawn().unwrap()
}

fn message(id: usize, method: &str, mut params: Value) -> String {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string() + "\n"
}

/// Says all messages at once, and gives the answers by their ids.
async fn answers(arguments: &[&str], messages: &[String]) -> Vec<Value> {
    let mut child = start(arguments);
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    stdin.write_all(messages.concat().as_bytes()).await.unwrap();
    let mut answers = Vec::new();
    while answers.len() < messages.len() {
        let line = lines.next_line().await.unwrap().unwrap();
        answers.push(serde_json::from_str::<Value>(&line).unwrap());
    }
    drop(stdin);
    assert!(child.wait().await.unwrap().success());
    answers.sort_by_key(|answer| answer["id"].as_u64());
    answers
}

#[tokio::test]
async fn it_serves_standard_input_and_output() {
    let call = message(1, "tools/call", json!({"name": "find_notes", "arguments": {"text": "ada"}}));
    let answer = answers(&[], &[call]).await.remove(0);
    assert_eq!(answer["result"]["structuredContent"]["notes"][0]["text"], "Call Ada.", "{answer}");
}

#[tokio::test]
async fn operators_choose_what_is_offered_and_set_what_it_reads() {
    let call = message(1, "tools/call", json!({"name": "find_notes", "arguments": {"text": "plant"}}));
    let chosen = ["--read-only", "--tags", "notes", "--set", "most=1"];
    let answer = answers(&chosen, &[call]).await.remove(0);
    let found = answer["result"]["structuredContent"]["notes"].as_array();
    assert_eq!(found.map(Vec::len), Some(1), "{answer}");
}

#[tokio::test]
async fn the_checked_in_settings_are_understood() {
    let output = Command::new(PROGRAM).args(["--config", "server.toml", "config"]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// `make performance-test`: in a release build, with nobody else at work.
#[tokio::test]
#[ignore = "`make performance-test` runs it, in a release build"]
async fn ten_thousand_calls_are_answered_quickly() {
    const CALLS: usize = 10_000;
    let call = |id| message(id, "tools/call", json!({"name": "find_notes", "arguments": {"text": "plant"}}));
    let calls: Vec<_> = (0..CALLS).map(call).collect();
    let begun = Instant::now();
    let answers = answers(&[], &calls).await;
    let taken = begun.elapsed();
    assert!(answers.iter().all(|answer| answer["result"]["isError"] != true));
    eprintln!("{CALLS} calls in {taken:?}: {:.0} a second", CALLS as f64 / taken.as_secs_f64());
    assert!(taken < Duration::from_secs(5), "{taken:?}");
}
