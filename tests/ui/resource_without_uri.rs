#[mcp::resource]
async fn readme() -> String {
    String::new()
}

fn main() {}
