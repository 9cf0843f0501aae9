#[mcp::tool]
async fn find(#[arg(secret, default = "s3cr3t")] token: String) {
    let _ = token;
}

fn main() {}
