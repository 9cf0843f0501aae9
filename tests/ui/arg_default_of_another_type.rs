#[mcp::tool]
async fn find(#[arg(default = "five")] count: u32) {
    let _ = count;
}

fn main() {}
