#[mcp::tool]
async fn find(#[arg(pattern = "^(?!a)")] name: String) {
    let _ = name;
}

fn main() {}
