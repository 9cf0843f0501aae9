#[mcp::tool]
async fn find(#[arg(schema = "string")] id: String) {
    let _ = id;
}

fn main() {}
