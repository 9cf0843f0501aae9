#[mcp::tool(nam = "add numbers", titel = "Add", description = "")]
async fn add<T>(a: &mut T, b: impl Copy) -> i64 {
    let _ = (a, b);
    0
}

#[mcp::resource("logs://{service}/{date}", mime = 5)]
async fn log() -> String {
    String::new()
}

fn main() {}
