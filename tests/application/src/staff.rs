//! What the staff can do.

use mcp::{State, ToolError};

use crate::stock::{Isbn, Stock};

/// Puts copies of a book on the shelf.
#[mcp::tool]
pub async fn stock_book(
    /// The number of the book.
    isbn: Isbn,
    /// How many copies.
    copies: u8,
    stock: State<Stock>,
) -> Result<String, ToolError> {
    let book = stock.change(&isbn, copies.into());
    let book = book.ok_or_else(|| ToolError::invalid_input("the shop has no such book"))?;
    Ok(format!("{} copies of \"{}\"", book.copies, book.title))
}
