#[mcp::tool]
async fn find(#[arg(example = 5, example = 50, range = 1..=10)] count: i64) {
    let _ = count;
}

fn main() {}
