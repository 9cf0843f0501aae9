//! The measured tools on this framework, written as the README writes a server.

use mcp::{Json, Rate, RateLimits};
use tools::{Filter, SearchResult};

/// Adds two numbers.
#[mcp::tool(read_only)]
async fn add(
    /// First addend.
    a: i64,
    /// Second addend.
    b: i64,
) -> i64 {
    a + b
}

/// Returns the text that it is given.
#[mcp::tool(read_only)]
async fn echo(
    /// The text to return.
    text: String,
) -> String {
    text
}

/// Searches the documents.
#[mcp::tool(read_only)]
async fn search(
    /// What to search for.
    query: String,
    /// What a record must satisfy.
    filter: Filter,
    /// The largest number of records.
    limit: u32,
) -> Json<SearchResult> {
    Json(tools::search(query, &filter, limit))
}

#[tokio::main]
async fn main() -> mcp::Result<()> {
    // The limits are on, so that what they cost is measured, and none of them is reached.
    let rate = Rate::per_second(1_000_000_000);
    let limits = RateLimits::new().caller(rate).session(rate).functions(rate).global(rate);
    mcp::server!().rate_limits(limits).run().await
}
