#[mcp::tool]
async fn find(#[arg(length = -1..)] name: String) {
    let _ = name;
}

fn main() {}
