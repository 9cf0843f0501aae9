//! Functions that panic, among others that do not.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::http::call;
use crate::process::Pipes;
use crate::{Row, row};

pub async fn rows() -> Vec<Row> {
    const COUNT: u64 = 10_000;
    let mut pipes = Pipes::start();
    let mut stdin = pipes.stdin.take().expect("it is open");
    let all: String = (0..COUNT)
        .map(|id| {
            let panics = call(2 * id, "panics", &json!({"a": id}));
            format!("{panics}\n{}\n", call(2 * id + 1, "add", &json!({"a": id, "b": 1})))
        })
        .collect();
    let writing = tokio::spawn(async move {
        let _ = stdin.write_all(all.as_bytes()).await;
        stdin
    });
    let (mut panicked, mut added, mut told) = (0, 0, 0);
    for _ in 0..2 * COUNT {
        let Some(line) = pipes.line().await else { break };
        told += u64::from(line.contains("PAYLOAD"));
        let answer: Value = serde_json::from_str(&line).unwrap_or_default();
        let Some(id) = answer["id"].as_u64() else { continue };
        match id % 2 {
            0 => panicked += u64::from(answer["result"]["isError"] == true),
            _ => added += u64::from(answer["result"]["content"][0]["text"] == (id / 2 + 1).to_string()),
        }
    }
    drop(writing.await);
    vec![row(
        "10,000 panics among 10,000 calls, stdio",
        "all answered, none lost, nothing of the payload told",
        format!("{panicked} and {added} answered, {told} told something"),
        (panicked, added, told) == (COUNT, COUNT, 0),
    )]
}
