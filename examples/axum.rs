//! A server inside a web application that has routes of its own.
//!
//! `cargo run --example axum -- 127.0.0.1:8080`, then `curl http://127.0.0.1:8080/` and an MCP client at
//! `http://127.0.0.1:8080/mcp`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::routing::get;

/// What the web pages and the tools share.
#[derive(Default)]
struct Visits(AtomicU64);

/// Tells how often the front page was visited.
#[mcp::tool(read_only)]
async fn visits(visits: mcp::State<Arc<Visits>>) -> u64 {
    visits.0.load(Ordering::Relaxed)
}

async fn front_page(State(visits): State<Arc<Visits>>) -> String {
    format!("You are visitor {}.\n", visits.0.fetch_add(1, Ordering::Relaxed) + 1)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".into());
    let visits = Arc::new(Visits::default());
    let mcp = mcp::server!().state(visits.clone()).build()?;
    let router =
        Router::new().route("/", get(front_page)).nest_service("/mcp", mcp.http_service()).with_state(visits);
    axum::serve(tokio::net::TcpListener::bind(address).await?, router).await?;
    Ok(())
}
