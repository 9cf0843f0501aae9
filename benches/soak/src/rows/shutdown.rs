//! How a process ends.

use std::time::Duration;

use serde_json::json;

use crate::http::{call, request};
use crate::process::{Http, Pipes};
use crate::{Row, row};

async fn started() -> Pipes {
    let mut pipes = Pipes::start();
    pipes.send(&call(0, "add", &json!({"a": 1, "b": 2}))).await;
    pipes.line().await;
    pipes
}

fn ended(what: &'static str, goal: &'static str, limit: f64, (took, code): (Duration, Option<i32>)) -> Row {
    let took = took.as_secs_f64();
    row(what, goal, format!("{took:.2} s, code {code:?}"), took < limit && code == Some(0))
}

pub async fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut pipes = started().await;
    pipes.stdin = None;
    rows.push(ended("end of input, idle", "1 s, code 0", 1.0, pipes.process.ended().await));
    let mut pipes = started().await;
    pipes.process.terminate();
    rows.push(ended("SIGTERM, idle, stdio", "1 s, code 0", 1.0, pipes.process.ended().await));
    let mut pipes = started().await;
    pipes.send(&call(1, "hang", &json!({"id": 1}))).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    pipes.process.terminate();
    // The drain takes the whole two seconds; the process has to end as well.
    rows.push(ended(
        "SIGTERM, busy, stdio",
        "2 s (and 0.2 to end), code 0",
        2.2,
        pipes.process.ended().await,
    ));
    let mut server = Http::start().await;
    server.process.terminate();
    rows.push(ended("SIGTERM, idle, HTTP", "1 s, code 0", 1.0, server.process.ended().await));
    let mut server = Http::start().await;
    let mut connection = server.connect().await;
    let _ = connection.write(&request("hang", &call(1, "hang", &json!({"id": 1})))).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.process.terminate();
    rows.push(ended(
        "SIGTERM, busy, HTTP",
        "2 s (and 0.2 to end), code 0",
        2.2,
        server.process.ended().await,
    ));
    let mut pipes = Pipes::start();
    for id in 0..20 {
        pipes.send(&call(id, "sleep", &json!({"ms": 100}))).await;
    }
    pipes.stdin = None;
    let mut answers = 0;
    while pipes.line().await.is_some() {
        answers += 1;
    }
    rows.push(row("20 calls, then the end of input", "20 answered", format!("{answers}"), answers == 20));
    rows
}
