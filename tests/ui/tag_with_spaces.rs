#[mcp::tool(tags("orders admin", "orders", "orders"))]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

fn main() {}
