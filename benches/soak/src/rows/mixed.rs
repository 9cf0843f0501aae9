//! Good and hostile clients side by side, for as long as somebody has time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::http::{Connection, call, head, request};
use crate::process::Http;
use crate::rows::mib;
use crate::{Row, row};

const HELLO: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"soak","version":"1"}}}"#;

/// Something that no client should do.
async fn hostile(address: &str, turn: u64) -> std::io::Result<()> {
    let mut connection = Connection::open(address).await?;
    match turn % 8 {
        0 => connection.write(&(head("", 5) + "noise")).await?,
        1 => {
            let deep = "[".repeat(100_000);
            connection.write(&(head("", deep.len()) + &deep)).await?;
        }
        2 => {
            let body = call(1, "add", &json!({"a": 1, "b": 2}));
            connection.write(&request("sleep", &body)).await?;
        }
        // It goes away in the middle.
        3 => {
            let whole = request("hang", &call(1, "hang", &json!({"id": turn}))).replacen("HOST", address, 1);
            let at = (turn * 7919) as usize % whole.len();
            connection.stream.get_mut().write_all(&whole.as_bytes()[..at]).await?;
            return Ok(());
        }
        4 => {
            connection.write(&request("hang", &call(1, "hang", &json!({"id": turn})))).await?;
            return Ok(());
        }
        5 => connection.write(&(head("", HELLO.len()) + HELLO)).await?,
        6 => {
            let body = call(1, "panics", &json!({"a": turn}));
            connection.write(&request("panics", &body)).await?;
        }
        _ => {
            let much = call(1, "much", &json!({"bytes": 1 << 20}));
            connection.write(&request("much", &much)).await?;
            // And does not read it.
            return Ok(());
        }
    }
    let _ = tokio::time::timeout(Duration::from_secs(5), connection.read()).await;
    Ok(())
}

pub async fn rows(lasting: Duration) -> Vec<Row> {
    let server = Http::start().await;
    let (good, bad, attacks) =
        (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    // A full table of sessions belongs to what a server holds.
    let mut connection = server.connect().await;
    for _ in 0..10_000 {
        let _ = connection.write(&(head("", HELLO.len()) + HELLO)).await;
        let _ = connection.read().await;
    }
    // All of it runs for a fifth of the time before anything is measured.
    let warm = Instant::now() + lasting / 5;
    let end = warm + lasting;
    let mut clients = Vec::new();
    for client in 0..20_i64 {
        let (address, good, bad) = (server.address.clone(), good.clone(), bad.clone());
        clients.push(tokio::spawn(async move {
            let mut connection = Connection::open(&address).await.expect("it takes connections");
            while Instant::now() < end {
                let answer = connection.ask("add", &json!({"a": client, "b": 1})).await;
                let right = answer.is_ok_and(|answer| answer.text() == Some((client + 1).to_string()));
                let counted = if right { &good } else { &bad };
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }));
    }
    for client in 0..20_u64 {
        let (address, attacks) = (server.address.clone(), attacks.clone());
        clients.push(tokio::spawn(async move {
            let mut turn = client;
            while Instant::now() < end {
                let _ = hostile(&address, turn).await;
                attacks.fetch_add(1, Ordering::Relaxed);
                turn += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }));
    }
    tokio::time::sleep_until(warm.into()).await;
    let before = server.process.memory();
    for client in clients {
        let _ = client.await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let growth = server.process.memory() - before;
    let (good, bad) = (good.load(Ordering::SeqCst), bad.load(Ordering::SeqCst));
    vec![row(
        "good and hostile clients together",
        "growth under 10 MB, no good call lost",
        format!(
            "{} more after {} s, {} in all; {good} good calls, {bad} lost, {} hostile ones; {} descriptors left",
            mib(growth),
            lasting.as_secs(),
            mib(server.process.memory()),
            attacks.load(Ordering::SeqCst),
            server.process.descriptors()
        ),
        growth < 10 << 20 && bad == 0,
    )]
}
