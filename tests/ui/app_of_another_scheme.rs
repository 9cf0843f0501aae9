#[mcp::tool(app = "https://example.com/page")]
async fn add(a: i64) -> i64 {
    a
}

fn main() {}
