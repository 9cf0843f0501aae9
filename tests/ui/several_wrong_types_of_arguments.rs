#[mcp::tool]
async fn find(
    #[arg(range = 1..)] a: String,
    #[arg(length = 1..)] b: bool,
    #[arg(default = "x")] c: i64,
    #[arg(header = "D")] d: f64,
) {
    let _ = (a, b, c, d);
}

fn main() {}
