#[mcp::tool]
async fn find(#[arg(length = 1..)] tags: std::collections::HashMap<String, u8>) -> usize {
    tags.len()
}

fn main() {}
