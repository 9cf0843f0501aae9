#[mcp::resource("logs://{service}/{date}")]
async fn log(servise: String, date: String) -> String {
    format!("{servise} {date}")
}

fn main() {}
