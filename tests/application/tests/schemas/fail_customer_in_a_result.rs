//! No tool gives a customer to a model.

/// Tells who bought a book.
#[mcp::tool]
async fn last_customer() -> mcp::Json<bookshop::Customer> {
    mcp::Json(bookshop::Customer { address: "here".into() })
}

fn main() {}
