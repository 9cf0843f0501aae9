#[mcp::prompt]
async fn greet(#[arg(example = "Ann")] name: String) -> String {
    name
}

fn main() {}
