#[mcp::resource("docs://readme", audience = "everybody", priority = 2)]
async fn readme() -> String {
    String::new()
}

fn main() {}
