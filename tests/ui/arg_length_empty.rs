#[mcp::tool]
async fn find(#[arg(length = 0..0)] name: String) {
    let _ = name;
}

fn main() {}
