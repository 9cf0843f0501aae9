#[mcp::tool]
async fn find(#[arg(length = 1..=80)] count: i64) {
    let _ = count;
}

fn main() {}
