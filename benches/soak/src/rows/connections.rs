//! Very many connections.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::process::Http;
use crate::rows::mib;
use crate::{Row, percentile, row};

pub async fn rows() -> Vec<Row> {
    vec![open().await, latency().await]
}

async fn open() -> Row {
    let server = Http::start().await;
    let before = server.process.memory();
    let mut all = Vec::new();
    let mut failed = 0;
    for _ in 0..10_000 {
        match crate::http::Connection::open(&server.address).await {
            Ok(connection) => all.push(connection),
            Err(_) => failed += 1,
        }
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let each = (server.process.memory() - before) / 10_000;
    let open = server.process.descriptors();
    // The last ones, which found the least room.
    let calls =
        all.split_off(all.len().saturating_sub(1000)).into_iter().enumerate().map(|(a, mut connection)| {
            tokio::spawn(async move {
                let answer = connection.ask("sleep", &json!({"ms": 500 + a % 7})).await;
                answer.is_ok_and(|answer| answer.text() == Some((500 + a % 7).to_string()))
            })
        });
    let calls: Vec<_> = calls.collect();
    let mut right = 0;
    for call in calls {
        right += usize::from(call.await.unwrap_or(false));
    }
    row(
        "connections, HTTP",
        "10,000 open, 1,000 calls at once, none failed",
        format!(
            "{failed} refused, {open} descriptors in the server, {each} bytes each; {right} of 1,000 calls right"
        ),
        failed == 0 && open >= 10_000 && right == 1000,
    )
}

async fn latency() -> Row {
    let server = Http::start().await;
    let end = Instant::now() + Duration::from_secs(10);
    let mut clients = Vec::new();
    for _ in 0..500 {
        let mut connection = server.connect().await;
        clients.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < end {
                let begun = Instant::now();
                let answer = connection.ask("add", &json!({"a": 1, "b": 2})).await;
                if !answer.is_ok_and(|answer| answer.text().as_deref() == Some("3")) {
                    return (times, 1);
                }
                times.push(begun.elapsed());
                // 2,000 calls a second in all, and not as many as the machine can.
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            (times, 0)
        }));
    }
    let (mut times, mut failed) = (Vec::new(), 0);
    for client in clients {
        if let Ok((some, broken)) = client.await {
            times.extend(some);
            failed += broken;
        }
    }
    let p99 = percentile(&mut times, 0.99);
    let half = percentile(&mut times, 0.5);
    row(
        "a trivial call at 500 connections, HTTP",
        "p99 under 50 ms",
        format!(
            "p99 {:.1} ms, p50 {:.1} ms over {} calls at about 2,000 a second, {failed} failed; {}",
            p99.as_secs_f64() * 1000.0,
            half.as_secs_f64() * 1000.0,
            times.len(),
            mib(server.process.memory())
        ),
        failed == 0 && p99 < Duration::from_millis(50),
    )
}
