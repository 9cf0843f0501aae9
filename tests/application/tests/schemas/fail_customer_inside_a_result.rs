//! Not even inside another type.

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Sale {
    isbn: bookshop::Isbn,
    customer: bookshop::Customer,
}

/// Tells the last sale.
#[mcp::tool]
async fn last_sale() -> mcp::Json<Option<Sale>> {
    mcp::Json(None)
}

fn main() {}
