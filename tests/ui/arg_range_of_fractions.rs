#[mcp::tool]
async fn find(#[arg(range = 0.5..)] count: i64) {
    let _ = count;
}

fn main() {}
