//! A server with everything that an operator wants to see: spans for an OpenTelemetry collector, counts for Prometheus, an audit,
//! and checks for an orchestrator.
//!
//! `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 cargo run --example observed -- --http 127.0.0.1:8080` serves it:
//! `/mcp`, `/health`, `/ready` and `/metrics`. The audit goes to the file that `AUDIT_FILE` names. `deploy/grafana.json` is a
//! dashboard for the counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp::{Audit, AuditArguments, Breaker, ReadyState, State, ToolError};

/// What is in stock.
#[derive(Clone, Default)]
struct Stock(Arc<AtomicUsize>);

/// Says how much there is.
#[mcp::tool(read_only)]
async fn in_stock(stock: State<Stock>) -> usize {
    tracing::info!("looked into the stock");
    stock.0.load(Ordering::Relaxed)
}

/// Takes some out.
#[mcp::tool]
async fn take(pieces: usize, #[arg(secret)] pin: String, stock: State<Stock>) -> Result<usize, ToolError> {
    if pin.is_empty() {
        return Err(ToolError::invalid_input("without a pin nothing is taken"));
    }
    let taken = stock.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |there| there.checked_sub(pieces));
    taken.map(|before| before - pieces).map_err(|there| ToolError::fatal(format!("there are only {there}")))
}

/// Counts everything, which takes a thread for itself.
#[mcp::tool(read_only)]
fn count(stock: State<Stock>) -> usize {
    let _counting = tracing::info_span!("counting").entered();
    stock.0.load(Ordering::Relaxed)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _telemetry = mcp::telemetry::init()?;
    let stock = Stock(Arc::new(AtomicUsize::new(10)));
    let counted = stock.clone();
    let mut server = mcp::server!()
        .state(stock)
        .metrics()
        .breakers(Breaker::new())
        .ready_check("stock", move || {
            let there = counted.0.load(Ordering::Relaxed);
            async move { if there == 0 { ReadyState::degraded("nothing is left") } else { ReadyState::Ready } }
        });
    if let Ok(file) = std::env::var("AUDIT_FILE") {
        server = server.audit(Audit::file(file)?.arguments(AuditArguments::Redacted));
    }
    server.run().await?;
    Ok(())
}
