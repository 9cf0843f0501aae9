struct Date;

#[mcp::resource("logs://{date}")]
async fn log(date: Date) -> String {
    let _ = date;
    String::new()
}

fn main() {}
