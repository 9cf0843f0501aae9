#[mcp::tool]
async fn find(#[arg(secret, header = "Token")] token: String) {
    let _ = token;
}

fn main() {}
