//! A complete server: a tool, a resource and a prompt.

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

/// Says hello to somebody.
#[mcp::resource("hello://{name}")]
async fn hello(name: String) -> String {
    format!("Hello, {name}!")
}

/// Asks for an explanation of a sum.
#[mcp::prompt]
async fn explain(sum: i64) -> String {
    format!("Explain to a child how two numbers add up to {sum}.")
}

#[tokio::main]
async fn main() -> mcp::Result<()> {
    mcp::server!().run().await
}
