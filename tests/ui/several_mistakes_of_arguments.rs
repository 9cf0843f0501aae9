#[mcp::tool(read_only, destructive)]
async fn find(
    #[arg(rnge = 1..)] a: i64,
    #[arg(default = 20, range = 1..=10)] b: i64,
    #[arg(pattern = "(", length = 5..2)] c: String,
    #[arg(rename = "c")] d: String,
) {
    let _ = (a, b, c, d);
}

fn main() {}
