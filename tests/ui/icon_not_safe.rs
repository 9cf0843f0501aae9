#[mcp::tool(icon = "http://example.com/icon.png", icon = "icon.png")]
async fn add(a: i64) -> i64 {
    a
}

fn main() {}
