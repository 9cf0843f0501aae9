#[mcp::tool]
async fn add(#[arg(default = 20, range = 1..=10)] a: i64, b: i64) -> i64 {
    a + b
}

#[mcp::resource("docs://readme", mine = "text/plain")]
async fn readme() -> &'static str {
    "hello"
}

fn main() {
    let _ = mcp::server!().explicit().tool::<add>().resource::<readme>();
}
