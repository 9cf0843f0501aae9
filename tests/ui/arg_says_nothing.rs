#[mcp::tool]
async fn add(#[arg] a: i64) -> i64 {
    a
}

fn main() {}
