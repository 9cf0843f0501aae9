#[mcp::resource("docs://readme", ttl = 99999999999)]
async fn readme() -> String {
    String::new()
}

fn main() {}
