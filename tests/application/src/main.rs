//! Serves the bookshop's customers.

#[tokio::main]
async fn main() -> mcp::Result<()> {
    bookshop::server().run().await
}
