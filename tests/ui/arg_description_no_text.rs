#[mcp::tool]
async fn find(#[arg(description = 5)] limit: i64) {
    let _ = limit;
}

fn main() {}
