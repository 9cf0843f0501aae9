#[mcp::tool(read_only, destructive)]
async fn find() {}

fn main() {}
