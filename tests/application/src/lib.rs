//! A bookshop: what it offers to customers, and what to its staff.
//!
//! It stands here as an application of the framework that holds its own contract. `tests/contract.rs` holds what is published,
//! `tests/schemas.rs` what must never compile, and the unit tests of each module how its tools behave.

pub mod shop;
pub mod staff;
mod stock;

pub use stock::{Customer, Genre, Isbn, Stock};

/// The server for customers.
pub fn server() -> mcp::ServerBuilder {
    mcp::server!().only("bookshop::shop").instructions("Prices are in euros.").state(Stock::example())
}

/// The server for the staff.
pub fn staff_server() -> mcp::ServerBuilder {
    mcp::server!().name("bookshop-staff").only("bookshop::staff").state(Stock::example())
}
