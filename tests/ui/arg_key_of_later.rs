#[mcp::tool]
async fn add(#[arg(range = 1..)] a: i64, b: i64) -> i64 {
    a + b
}

fn main() {}
