#[mcp::resource("files://{token}")]
async fn file(#[arg(secret)] token: String) -> String {
    token
}

fn main() {}
