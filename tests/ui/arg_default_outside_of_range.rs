#[mcp::tool]
async fn find(#[arg(default = 20, range = 1..=10)] count: i64) {
    let _ = count;
}

fn main() {}
