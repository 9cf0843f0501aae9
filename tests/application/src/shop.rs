//! What customers can do.

use mcp::{Context, Json, State, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::stock::{Book, Genre, Isbn, Stock};

/// Finds books by a part of their title.
#[mcp::tool(read_only)]
pub async fn find_books(
    /// A part of the title; nothing for all books.
    title: Option<String>,
    /// Only books of this genre.
    genre: Option<Genre>,
    stock: State<Stock>,
) -> Json<Vec<Book>> {
    let title = title.unwrap_or_default().to_lowercase();
    let wanted = |book: &Book| {
        book.title.to_lowercase().contains(&title) && genre.is_none_or(|genre| genre == book.genre)
    };
    Json(stock.find(wanted))
}

/// What a customer says to a price.
#[derive(Deserialize, JsonSchema)]
struct Agreed {
    /// Whether to buy.
    agreed: bool,
}

/// Buys one copy of a book.
#[mcp::tool(destructive)]
pub async fn buy_book(
    /// The number of the book.
    isbn: Isbn,
    stock: State<Stock>,
    cx: Context,
) -> Result<String, ToolError> {
    let found = stock.find(|book| book.isbn == isbn && book.copies > 0);
    let Some(book) = found.first() else {
        return Err(ToolError::invalid_input(
            "the shop does not have this book: `find_books` tells what it has",
        ));
    };
    let Agreed { agreed: true } = cx.elicit(format!("Buy \"{}\" for 10 euros?", book.title)).await? else {
        return Ok("not bought".into());
    };
    let sold = async { stock.change(&isbn, -1).ok_or_else(|| ToolError::transient("somebody was faster")) };
    cx.progress((1, 1));
    let left = cx.once("sell", async { sold.await.map(|book| book.copies) }).await?;
    Ok(format!("bought \"{}\", {left} left", book.title))
}

/// Recommends a book.
#[mcp::prompt]
pub async fn recommend(
    /// What the reader liked.
    liked: String,
) -> String {
    format!("A customer liked {liked}. Look with `find_books` for something alike.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use mcp::testing::{accept, both, decline};
    use serde_json::{Value, json};

    use super::*;

    /// Tells how many copies there are. Only the tests have it, and the lock does not.
    #[mcp::tool(read_only)]
    async fn count_copies(stock: State<Stock>) -> u32 {
        stock.find(|_| true).iter().map(|book| book.copies).sum()
    }

    #[tokio::test]
    async fn a_tool_is_a_function() {
        let found = find_books(Some("pride".into()), None, State::new(Stock::example())).await;
        assert_eq!(found.0.len(), 1);
    }

    #[tokio::test]
    async fn books_are_found_by_title_and_genre() {
        for client in both(&crate::server().build().unwrap()) {
            let found = client.call("find_books", json!({"genre": "history"})).await.unwrap();
            let books: Vec<Value> = found.json().unwrap();
            assert_eq!(books[0]["title"], "The Histories", "{} client", client.era());
            let nothing = client.call("find_books", json!({"genre": "poetry"})).await.unwrap();
            assert!(nothing.is_error(), "{nothing}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_book_is_bought_once_and_only_with_consent() {
        for era in 0..2 {
            // A shop for each, so that both find every copy on its shelf.
            let client = both(&crate::server().build().unwrap()).into_iter().nth(era).unwrap();
            let client = client.answers([
                accept(json!({"agreed": false})),
                accept(json!({"agreed": true})),
                decline(),
            ]);
            let buy = async || client.call("buy_book", json!({"isbn": "9780141439518"})).await.unwrap();

            assert_eq!(buy().await.text(), "not bought", "{} client", client.era());
            let bought = buy().await;
            assert_eq!(bought.text(), "bought \"Pride and Prejudice\", 1 left");
            assert_eq!(bought.asked()[0].message(), "Buy \"Pride and Prejudice\" for 10 euros?");
            assert!(!bought.progress().is_empty());
            let declined = buy().await;
            assert!(declined.is_error(), "{declined}");
            let left: u32 = client.call("count_copies", json!({})).await.unwrap().json().unwrap();
            assert_eq!(left, 3, "it was sold once: {} client", client.era());
        }
    }

    #[test]
    fn the_contract_is_the_same_from_inside() {
        // The tool above is in this program, and not in the lock: it stands in a module called `tests`.
        mcp::contract!(crate::server());
    }
}
