#[mcp::resource("logs://{service}", size = 5)]
async fn log(service: String) -> String {
    service
}

fn main() {}
