//! Very many calls at once on standard input and output.

use std::time::Instant;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::http::call;
use crate::process::Pipes;
use crate::{Row, row};

/// How many of so many calls were answered right and once, and how long all of it took.
async fn answered(count: u64, tool: &str, arguments: &Value, right: &str) -> (u64, f64) {
    let mut pipes = Pipes::start();
    // Starting is not what is measured.
    pipes.send(&call(u64::MAX, "add", &json!({"a": 1, "b": 2}))).await;
    pipes.line().await;
    let mut stdin = pipes.stdin.take().expect("it is open");
    let all: String = (0..count).map(|id| call(id, tool, arguments) + "\n").collect();
    let begun = Instant::now();
    let writing = tokio::spawn(async move {
        let _ = stdin.write_all(all.as_bytes()).await;
        stdin
    });
    let mut seen = vec![0_u8; count as usize];
    for _ in 0..count {
        let Some(line) = pipes.line().await else { break };
        let answer: Value = serde_json::from_str(&line).unwrap_or_default();
        let id = answer["id"].as_u64().and_then(|id| seen.get_mut(id as usize));
        if let Some(times) = id.filter(|_| answer["result"]["content"][0]["text"] == right) {
            *times += 1;
        }
    }
    let took = begun.elapsed().as_secs_f64();
    drop(writing.await);
    (seen.iter().filter(|times| **times == 1).count() as u64, took)
}

pub async fn rows() -> Vec<Row> {
    let (many, took) = answered(10_000, "sleep", &json!({"ms": 1000}), "1000").await;
    let (thousand, quick) = answered(1000, "add", &json!({"a": 1, "b": 2}), "3").await;
    vec![
        row(
            "in flight, stdio",
            "10,000 at once, each right and once",
            format!("{many} of 10,000, in {took:.1} s of which each call sleeps 1"),
            many == 10_000,
        ),
        row(
            "1,000 calls, stdio",
            "under 1 s",
            format!("{thousand} in {quick:.3} s"),
            thousand == 1000 && quick < 1.0,
        ),
    ]
}
