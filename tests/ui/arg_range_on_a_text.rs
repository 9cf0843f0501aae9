#[mcp::tool]
async fn find(#[arg(range = 1..=10)] name: String) {
    let _ = name;
}

fn main() {}
