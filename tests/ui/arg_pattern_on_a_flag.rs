#[mcp::tool]
async fn find(#[arg(pattern = "^a")] flag: bool) {
    let _ = flag;
}

fn main() {}
