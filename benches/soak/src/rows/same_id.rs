//! A thousand clients that count their requests alike.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::process::Http;
use crate::{Row, row};

const ALL: u64 = 1_000_000;

pub async fn rows(lasting: Duration) -> Vec<Row> {
    let server = Http::start().await;
    let (right, crossed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let end = Instant::now() + lasting;
    let mut clients = Vec::new();
    for client in 0..1000_i64 {
        let mut connection = server.connect().await;
        let (right, crossed) = (right.clone(), crossed.clone());
        clients.push(tokio::spawn(async move {
            let own = client.to_string();
            while Instant::now() < end && right.load(Ordering::Relaxed) < ALL {
                // Some wait, so that many are under way at once.
                let answer = match client % 3 {
                    0 => connection.ask("sleep", &json!({"ms": client})).await,
                    _ => connection.ask("add", &json!({"a": client, "b": 0})).await,
                };
                let own = answer.is_ok_and(|answer| answer.text().as_ref() == Some(&own));
                let counted = if own { &right } else { &crossed };
                counted.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    for client in clients {
        let _ = client.await;
    }
    let (right, crossed) = (right.load(Ordering::SeqCst), crossed.load(Ordering::SeqCst));
    let seen = format!("{crossed} crossed or lost, {right} right in {} s", lasting.as_secs());
    vec![row(
        "one id from 1,000 clients, HTTP",
        "0 crossed in 10^6 answers",
        seen,
        crossed == 0 && right >= ALL,
    )]
}
