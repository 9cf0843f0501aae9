#[mcp::tool]
async fn find(#[arg(range = 10..=1)] count: i64) {
    let _ = count;
}

fn main() {}
