//! A ticket office that runs on several machines behind one address, and sells no seat twice.
//!
//! `REDIS_URL=redis://127.0.0.1:6379 STATE_KEYS=$(openssl rand -base64 32) cargo run --example replicas -- --http 127.0.0.1:8081`,
//! and the same again with another port. Sold tickets stand in the file that `TICKETS` names, one line each.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use mcp::redis::Redis;
use mcp::{Idempotency, State, StateKey, ToolError};

struct Office {
    tickets: PathBuf,
    /// How long it takes to print a ticket.
    printing: Duration,
}

/// Sells a ticket for a seat.
#[mcp::tool(idempotency = "request_id")]
async fn sell(
    /// The same for the same sale, however often it is asked for.
    request_id: String,
    seat: u32,
    office: State<Office>,
) -> Result<String, ToolError> {
    let line = format!("{request_id} {seat}\n");
    let file = std::fs::OpenOptions::new().create(true).append(true).open(&office.tickets);
    file.and_then(|mut file| file.write_all(line.as_bytes()))
        .map_err(|error| ToolError::transient("the printer is out of order").source(error))?;
    tokio::time::sleep(office.printing).await;
    Ok(format!("seat {seat} is sold"))
}

/// Tells which machine answers.
#[mcp::tool(read_only)]
fn machine() -> u32 {
    std::process::id()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let variable = |name, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.into());
    let printing = Duration::from_millis(variable("PRINTING_MS", "20").parse()?);
    let office = Office { tickets: variable("TICKETS", "tickets.txt").into(), printing };
    let redis = Redis::open(&variable("REDIS_URL", "redis://127.0.0.1:6379"))?.prefix("office:");
    mcp::server!()
        .state(office)
        .redis(redis)
        .state_keys(StateKey::from_env("STATE_KEYS")?)
        .idempotency(Idempotency::new().lease(Duration::from_secs(2)))
        .run()
        .await?;
    Ok(())
}
