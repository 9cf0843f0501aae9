//! Clients that go away, and calls that are cancelled.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::http::{call, head, request};
use crate::process::{Http, Pipes};
use crate::{Row, percentile, row};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as u64
}

async fn stats(server: &Http) -> Value {
    let answer = server.connect().await.ask("stats", &json!({})).await.expect("it works");
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    body["result"]["structuredContent"].clone()
}

pub async fn disconnects() -> Vec<Row> {
    let server = Http::start().await;
    let first = stats(&server).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = (server.process.descriptors(), first["tasks"].as_u64().unwrap_or(0));
    let whole = request("hang", &call(1, "hang", &json!({"id": 0})));
    for batch in 0..100_usize {
        let mut all = Vec::new();
        for at in 0..100_usize {
            let mut connection = server.connect().await;
            // In the head, in the body, or while the call runs.
            let at = (batch * 100 + at) * 7919 % (whole.len() * 3 / 2);
            let sent = whole.replacen("HOST", &server.address, 1);
            let _ = connection.stream.get_mut().write_all(&sent.as_bytes()[..at.min(sent.len())]).await;
            all.push(connection);
        }
        drop(all);
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let after = stats(&server).await;
    let (descriptors, tasks) = (server.process.descriptors(), after["tasks"].as_u64().unwrap_or(0));
    let hanging = after["hanging"].as_u64().unwrap_or(u64::MAX);
    // Whoever asks is a connection and its task himself.
    let left = (descriptors.saturating_sub(before.0 + 1), tasks.saturating_sub(before.1));
    vec![row(
        "10,000 disconnects at random points, HTTP",
        "no descriptor and no task left after 3 s",
        format!("{} descriptors, {} tasks, {hanging} calls left", left.0, left.1),
        left == (0, 0) && hanging == 0,
    )]
}

/// How long after they were cancelled calls were dropped.
fn delays(dropped: &Value, cancelled: &HashMap<u64, u64>) -> Vec<Duration> {
    let pairs = dropped.as_array().into_iter().flatten();
    let delay = |pair: &Value| {
        let at = cancelled.get(&pair[0].as_u64()?)?;
        Some(Duration::from_micros(pair[1].as_u64()?.saturating_sub(*at)))
    };
    pairs.filter_map(delay).collect()
}

pub async fn cancels() -> Vec<Row> {
    const COUNT: u64 = 1000;
    let mut pipes = Pipes::start();
    for id in 0..COUNT {
        pipes.send(&call(id, "hang", &json!({"id": id}))).await;
    }
    pipes.send(&call(COUNT, "sleep", &json!({"ms": 300}))).await;
    pipes.line().await;
    let mut cancelled = HashMap::new();
    for id in 0..COUNT {
        cancelled.insert(id, now());
        let cancel =
            json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}});
        pipes.send(&cancel.to_string()).await;
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    pipes.send(&call(COUNT + 1, "sleep", &json!({"ms": 300}))).await;
    let mut late = 0;
    while let Some(line) = pipes.line().await {
        let answer: Value = serde_json::from_str(&line).unwrap_or_default();
        if answer["id"] == COUNT + 1 {
            break;
        }
        late += 1;
    }
    pipes.send(&call(COUNT + 2, "stats", &json!({}))).await;
    let answer: Value = serde_json::from_str(&pipes.line().await.unwrap_or_default()).unwrap_or_default();
    let mut times = delays(&answer["result"]["structuredContent"]["dropped"], &cancelled);
    let count = times.len() as u64;
    let p99 = percentile(&mut times, 0.99);

    let server = Http::start().await;
    let mut cancelled = HashMap::new();
    for id in 0..COUNT {
        let mut connection = server.connect().await;
        let body = call(1, "hang", &json!({"id": id}));
        let more = "mcp-protocol-version: 2026-07-28\r\nmcp-method: tools/call\r\nmcp-name: hang\r\n";
        let _ = connection.write(&(head(more, body.len()) + &body)).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
        cancelled.insert(id, now());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut gone = delays(&stats(&server).await["dropped"], &cancelled);
    let gone_count = gone.len() as u64;
    let gone_p99 = percentile(&mut gone, 0.99);
    let limit = Duration::from_millis(100);
    vec![
        row(
            "from a cancellation to the end of its function, stdio",
            "p99 under 100 ms, nothing is said afterwards",
            format!(
                "p99 {:.2} ms, {count} of {COUNT} dropped, {late} messages afterwards",
                p99.as_secs_f64() * 1000.0
            ),
            p99 < limit && late == 0 && count == COUNT,
        ),
        row(
            "from a disconnect to the end of its function, HTTP",
            "p99 under 100 ms",
            format!("p99 {:.2} ms, {gone_count} of {COUNT} dropped", gone_p99.as_secs_f64() * 1000.0),
            gone_p99 < limit && gone_count == COUNT,
        ),
    ]
}
