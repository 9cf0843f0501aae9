//! The shop's types are arguments and results of any tool.

use bookshop::{Genre, Isbn};

/// Tells a genre.
#[mcp::tool(read_only)]
async fn genre_of(isbn: Isbn, guess: Option<Genre>) -> mcp::Json<Option<Genre>> {
    mcp::Json(guess.filter(|_| !isbn.0.is_empty()))
}

fn main() {
    let catalogue = mcp::server!().explicit().tool::<genre_of>().catalogue().unwrap();
    let genre = &catalogue.tools[0]["inputSchema"]["properties"]["guess"];
    assert!(genre.to_string().contains("Genre"), "{genre}");
}
