#[mcp::resource("logs://{service}")]
async fn log(service: String, date: String) -> String {
    format!("{service} {date}")
}

fn main() {}
