#[mcp::resource("logs://{service}{date}")]
async fn log(service: String, date: String) -> String {
    format!("{service} {date}")
}

fn main() {}
