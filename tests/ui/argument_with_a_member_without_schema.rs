#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Order {
    item: Item,
}

#[derive(serde::Deserialize)]
struct Item;

#[mcp::tool]
async fn order(order: Order) {
    let _ = order.item;
}

fn main() {}
