/// Adds two numbers.
#[mcp::prompt]
async fn explain(sum: i64) -> String {
    sum.to_string()
}

fn main() {
    let _ = mcp::server!().tool::<explain>();
}
