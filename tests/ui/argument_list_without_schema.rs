#[derive(serde::Deserialize)]
struct Item;

#[mcp::tool]
async fn add(items: &[Item]) -> usize {
    items.len()
}

fn main() {}
