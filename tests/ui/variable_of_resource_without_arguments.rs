#[mcp::resource("logs://{service}")]
async fn log() -> String {
    String::new()
}

fn main() {}
