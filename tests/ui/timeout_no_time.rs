#[mcp::tool(timeout = "30")]
async fn no_unit() {}

#[mcp::resource("docs://readme", timeout = "soon")]
async fn no_number() -> String {
    String::new()
}

#[mcp::prompt(timeout = "0s")]
async fn no_time() -> String {
    String::new()
}

#[mcp::tool(timeout = 30)]
async fn no_text() {}

fn main() {}
