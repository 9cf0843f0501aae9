#[mcp::tool(meta = { "io.modelcontextprotocol/x": 1, "com.example/a b": 2 })]
async fn add(a: i64) -> i64 {
    a
}

fn main() {}
