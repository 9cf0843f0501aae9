#[mcp::tool]
async fn find(#[arg(description = "")] limit: i64) {
    let _ = limit;
}

fn main() {}
