#[mcp::tool]
async fn find(#[arg(range = 1..=300)] count: u8) {
    let _ = count;
}

fn main() {}
