#[mcp::resource("logs://{/service}")]
async fn log(service: String) -> String {
    service
}

fn main() {}
