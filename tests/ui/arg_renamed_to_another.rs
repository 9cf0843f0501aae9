#[mcp::tool]
async fn find(#[arg(rename = "limit")] count: i64, limit: i64) {
    let _ = (count, limit);
}

fn main() {}
