#[mcp::tool]
async fn add(#[arg("The first number.")] a: i64) -> i64 {
    a
}

fn main() {}
