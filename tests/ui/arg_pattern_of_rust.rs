#[mcp::tool]
async fn find(#[arg(pattern = "(?i)abc")] name: String) {
    let _ = name;
}

fn main() {}
