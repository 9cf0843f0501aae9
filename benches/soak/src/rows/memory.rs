//! What is refused, not read, or slow in coming takes no memory for long.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::http::{Connection, call, head};
use crate::process::{Http, Pipes};
use crate::rows::mib;
use crate::{Row, row};

pub async fn refused() -> Vec<Row> {
    let server = Http::start().await;
    server.connect().await.ask("add", &json!({"a": 1, "b": 2})).await.expect("it works");
    let before = server.process.memory();
    let (mut refused, mut told) = (0, 0);
    let piece = "x".repeat(64 << 10);
    for declared in [true, false].repeat(8) {
        let mut connection = server.connect().await;
        let head = match declared {
            true => head("", (4 << 20) + 1),
            false => head("transfer-encoding: chunked\r\n", 0).replace("content-length: 0\r\n", ""),
        };
        let mut sent = connection.write(&head).await;
        let mut bytes = 0;
        while sent.is_ok() && bytes <= 4 << 20 {
            sent = match declared {
                true => connection.stream.get_mut().write_all(piece.as_bytes()).await,
                false => {
                    let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
                    connection.stream.get_mut().write_all(chunk.as_bytes()).await
                }
            };
            bytes += piece.len();
        }
        // It may close before everything was sent: then nobody reads the answer.
        match tokio::time::timeout(Duration::from_secs(5), connection.read()).await {
            Ok(Ok(answer)) => told += u64::from(answer.status == 413),
            Ok(Err(_)) => refused += 1,
            Err(_) => {}
        }
    }
    let after = server.connect().await.ask("add", &json!({"a": 1, "b": 2})).await;
    let growth = server.process.memory() - before;
    let works = after.is_ok_and(|answer| answer.text().as_deref() == Some("3"));
    vec![row(
        "64 MB of bodies that are too long",
        "under 20 MB",
        format!("{} more; {told} told 413, {refused} cut off", mib(growth)),
        growth < 20 << 20 && told + refused == 16 && works,
    )]
}

pub async fn stalled() -> Vec<Row> {
    let mut pipes = Pipes::start();
    pipes.send(&call(0, "add", &json!({"a": 1, "b": 2}))).await;
    pipes.line().await;
    let before = pipes.process.memory();
    let mut stdin = pipes.stdin.take().expect("it is open");
    let many: String = (0..20_000).map(|id| call(id, "much", &json!({"bytes": 65_536})) + "\n").collect();
    // It is to stop reading, so that this never ends.
    let writing = tokio::spawn(async move { stdin.write_all(many.as_bytes()).await });
    tokio::time::sleep(Duration::from_secs(5)).await;
    let piped = pipes.process.memory() - before;
    writing.abort();

    let server = Http::start().await;
    server.connect().await.ask("add", &json!({"a": 1, "b": 2})).await.expect("it works");
    let before = server.process.memory();
    let mut held: Vec<Connection> = Vec::new();
    for _ in 0..100 {
        let mut connection = server.connect().await;
        let body = call(1, "chatter", &json!({"times": 100_000}))
            .replace(r#""_meta":{"#, r#""_meta":{"progressToken":1,"#);
        let more = "mcp-protocol-version: 2026-07-28\r\nmcp-method: tools/call\r\nmcp-name: chatter\r\n";
        let request = head(more, body.len()).replace(
            "application/json\r\naccept: application/json",
            "application/json\r\naccept: text/event-stream",
        );
        let _ = connection.write(&(request + &body)).await;
        held.push(connection);
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let streams = server.process.memory() - before;
    vec![
        row("a reader that stalls with 1.3 GB to come, stdio", "under 50 MB", mib(piped), piped < 50 << 20),
        row("100 readers that stall on streams, HTTP", "under 50 MB", mib(streams), streams < 50 << 20),
    ]
}

pub async fn slow_heads() -> Vec<Row> {
    let server = Http::start().await;
    let mut slow = Vec::new();
    for _ in 0..1000 {
        let mut connection = server.connect().await;
        let _ = connection.stream.get_mut().write_all(b"POST /mcp HTTP/1.1\r\nhost: ").await;
        slow.push(connection);
    }
    let mut connection = server.connect().await;
    let mut right = 0;
    for _ in 0..1000 {
        let answer = connection.ask("add", &json!({"a": 1, "b": 2})).await;
        right += u64::from(answer.is_ok_and(|answer| answer.text().as_deref() == Some("3")));
    }
    let open = server.process.descriptors();
    // Their time is over after 30 s.
    tokio::time::sleep(Duration::from_secs(32)).await;
    let left = server.process.descriptors();
    vec![row(
        "1,000 heads that never end",
        "others are served; they are closed after 30 s",
        format!("{right} of 1,000 calls beside them; {open} descriptors, then {left}"),
        right == 1000 && left + 990 < open,
    )]
}
