//! The measured tools on this framework, written as the README writes a server.

use mcp::Json;
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
    mcp::server!().run().await
}
