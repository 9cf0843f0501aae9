#[mcp::tool]
async fn find(#[arg(range = 1..=10)] names: &[String]) {
    let _ = names;
}

fn main() {}
