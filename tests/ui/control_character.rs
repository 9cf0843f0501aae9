#[mcp::tool(title = "Add\u{7}")]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

fn main() {}
