#[mcp::tool]
async fn find(#[arg(description = concat!("", ""))] limit: i64) {
    let _ = limit;
}

fn main() {}
