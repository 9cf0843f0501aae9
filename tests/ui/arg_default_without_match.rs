#[mcp::tool]
async fn find(#[arg(default = "Abc", pattern = "^[a-z]+$")] name: String) {
    let _ = name;
}

fn main() {}
