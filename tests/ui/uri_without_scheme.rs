#[mcp::resource("readme")]
async fn readme() -> String {
    String::new()
}

fn main() {}
