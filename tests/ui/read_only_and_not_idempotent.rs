#[mcp::tool(read_only, idempotent = false)]
async fn find() {}

fn main() {}
