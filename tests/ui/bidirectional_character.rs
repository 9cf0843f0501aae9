#[mcp::tool(description = "Adds two numbers\u{202e}.")]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

fn main() {}
