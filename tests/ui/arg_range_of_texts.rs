#[mcp::tool]
async fn find(#[arg(range = "a".."z")] name: i64) {
    let _ = name;
}

fn main() {}
