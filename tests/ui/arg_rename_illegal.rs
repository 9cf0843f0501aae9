#[mcp::tool]
async fn find(#[arg(rename = "the limit")] limit: i64) {
    let _ = limit;
}

fn main() {}
