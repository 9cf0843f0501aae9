//! What the shop has, and whom it knows.

use std::sync::Mutex;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The number of a book, 13 digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Isbn(pub String);

/// What a book is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Genre {
    /// Novels and stories.
    Fiction,
    /// Everything that happened.
    History,
}

/// A book on the shelf.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Book {
    /// Its number.
    pub isbn: Isbn,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub genre: Genre,
    /// How many there are.
    pub copies: u32,
}

/// Who buys. Nothing of it may reach a model, so it is not `Serialize` and has no schema; `tests/schemas` holds that.
#[derive(Debug)]
pub struct Customer {
    /// Where to send a bill.
    pub address: String,
}

/// All books.
#[derive(Debug)]
pub struct Stock(Mutex<Vec<Book>>);

impl Stock {
    /// A small shop.
    pub fn example() -> Self {
        let book = |isbn: &str, title: &str, genre| Book {
            isbn: Isbn(isbn.into()),
            title: title.into(),
            genre,
            copies: 2,
        };
        Self(Mutex::new(vec![
            book("9780141439518", "Pride and Prejudice", Genre::Fiction),
            book("9780140448979", "The Histories", Genre::History),
        ]))
    }

    pub(crate) fn find(&self, wanted: impl Fn(&Book) -> bool) -> Vec<Book> {
        self.lock().iter().filter(|book| wanted(book)).cloned().collect()
    }

    /// Changes how many there are of a book, and gives the book. `None` where the shop does not have so many, or no such book.
    pub(crate) fn change(&self, isbn: &Isbn, by: i32) -> Option<Book> {
        let mut books = self.lock();
        let book = books.iter_mut().find(|book| book.isbn == *isbn)?;
        book.copies = book.copies.checked_add_signed(by)?;
        Some(book.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Book>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
