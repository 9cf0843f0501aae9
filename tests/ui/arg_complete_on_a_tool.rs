#[mcp::tool]
async fn add(#[arg(complete = numbers)] a: i64) -> i64 {
    a
}

fn main() {}
