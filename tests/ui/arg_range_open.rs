#[mcp::tool]
async fn find(#[arg(range = ..)] count: i64) {
    let _ = count;
}

fn main() {}
