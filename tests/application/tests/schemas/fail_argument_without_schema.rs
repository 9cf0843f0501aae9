//! What a model is to write has a schema.

#[derive(serde::Deserialize)]
struct Shelf {
    row: u8,
}

/// Sorts a shelf.
#[mcp::tool]
async fn sort(shelf: Shelf) -> u8 {
    shelf.row
}

fn main() {}
