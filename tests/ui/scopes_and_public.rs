#[mcp::resource("orders://all", public, scopes("orders:read"))]
async fn orders() -> &'static str {
    "1, 2, 3"
}

fn main() {}
