#[mcp::tool]
async fn add(#[arg(default = 5, default = 6)] a: i64) -> i64 {
    a
}

fn main() {}
