#[mcp::tool]
async fn find(#[arg(example = [1, 2])] name: String) {
    let _ = name;
}

fn main() {}
