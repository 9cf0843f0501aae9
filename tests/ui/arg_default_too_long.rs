#[mcp::tool]
async fn find(#[arg(default = "abcd", length = ..=3)] name: String) {
    let _ = name;
}

fn main() {}
