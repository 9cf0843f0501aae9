#[mcp::tool]
struct Add;

fn main() {}
