#![doc = include_str!("../../docs/auth.md")]
//!
//! Nothing here knows JSON-RPC or what a server offers: a request's head becomes a [`Principal`](crate::Principal), or a
//! [`Challenge`](crate::http::Challenge).

mod api_keys;
mod bearer;
mod claims;
mod either;
mod fetch;
mod issuer;
mod jwt;
mod keys;

pub use api_keys::{ApiKeyError, ApiKeys};
pub use either::Either;
pub use jwt::{Algorithm, Jwt};
