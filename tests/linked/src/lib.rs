//! Tools in a library crate: a binary that links it offers them.

/// Says that the library was linked.
#[mcp::tool(read_only)]
pub async fn linked() -> &'static str {
    "linked"
}
