#[mcp::tool(concurrency = 0)]
async fn nobody() {}

fn main() {}
