/// The only error is the typo: the function is still there to be called.
#[mcp::tool(red_only)]
async fn add(
    /// First addend.
    a: i64,
    b: i64,
) -> i64 {
    a + b
}

fn main() {
    let _ = add(1, 2);
}
