#[mcp::tool]
async fn add(#[arg(haeder = "A")] a: i64, #[arg] b: i64) -> i64 {
    a + b
}

fn main() {}
