//! Typed Rust functions become a [Model Context Protocol](https://modelcontextprotocol.io) server.
//!
//! ```no_run
//! /// Adds two numbers.
//! #[mcp::tool(read_only)]
//! async fn add(
//!     /// First addend.
//!     a: i64,
//!     /// Second addend.
//!     b: i64,
//! ) -> i64 {
//!     a + b
//! }
//!
//! #[tokio::main]
//! async fn main() -> mcp::Result<()> {
//!     mcp::server!().run().await
//! }
//! ```
//!
//! The signature is the whole contract: name, description, input schema and output schema are made of it. The function
//! stays an ordinary function that a unit test can call. One binary serves stdio (no argument) and Streamable HTTP
//! (`--http 127.0.0.1:8080`), and speaks every revision of the protocol that it knows, chosen by each message.
//!
//! # A call in six stops
//!
//! ```text
//!  bytes > 1 transport      frames it, and adds what it knows of the peer
//!          2 wire::decode   era, revision, session, definition: a Request, complete in itself
//!          3 layer          what surrounds every request
//!          4 dispatch       runs the definition that the request carries
//!          5 the expansion  reads each argument, awaits your function, takes its result
//!  bytes < 6 wire::encode   the Response in that revision's JSON, with its HTTP status
//! ```
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `http` | yes | Streamable HTTP, and HTTP+SSE for the oldest clients, on hyper |
//! | `cli` | yes | `run()` and [`Cli`], the command line of every server, on clap |

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod changes;
mod dispatch;
mod error;
mod extension;
mod handler;
mod json;
#[cfg_attr(
    not(feature = "http"),
    allow(dead_code, unused_imports, reason = "only HTTP loses a connection and keeps its session")
)]
mod kept;
mod layer;
mod model;
mod registry;
mod schema;
mod seal;
mod server;
mod tasks;
pub mod testing;
pub mod transport;
mod wire;

pub use error::{BoxError, BuildError, Error, ErrorKind, Result, ServerError, ToolError};
pub use extension::{BoxFuture, Extension, ExtensionCall, ExtensionMethod};
pub use handler::{
    Args, Argument, Ask, AskError, Complete, Completing, Context, Extract, Extractor, Field, Headers,
    IntoCompletion, IntoPromptResult, IntoResourceResult, IntoToolResult, Json, Needs, Root, Sampled, State,
    Whole,
};
pub use layer::Next;
pub use mcp_macros::{prompt, resource, tool};
pub use model::{
    Annotations, ArgumentCompletion, Audio, CacheScope, Client, Completion, Content, Definition, Embedded,
    ExpandError, Icon, Image, InputRequired, Kind, Level, Link, ListPage, ListRequest, Listening, Listing,
    ListingKind, Operation, Principal, Progress, PromptGet, PromptMessage, PromptResult, Request,
    ResourceContents, ResourceRead, ResourceResult, Response, Role, Segment, Source, Subscription, Template,
    Text, Theme, ToolCall, ToolResult, Topics, Typed, UnknownLevel, WithMeta,
};
pub use schemars;
pub use seal::{StateKey, StateKeyError};
#[cfg(feature = "cli")]
pub use server::Cli;
pub use server::{Replies, Reply, ReplyKind, Server, ServerBuilder};
pub use tasks::{TaskPolicy, TaskRecord, TaskStatus, TaskStore, Tasks};
#[cfg(feature = "http")]
pub use transport::http;
pub use wire::Peer;

/// A [`ServerBuilder`] with the name of your binary and the version of your package, that offers every definition in the
/// program. In a library the name is that of the package.
///
/// ```no_run
/// # async fn run() -> mcp::Result<()> {
/// mcp::server!().instructions("Amounts are in euros.").run().await
/// # }
/// ```
#[macro_export]
macro_rules! server {
    () => {
        $crate::Server::builder()
            .name(option_env!("CARGO_BIN_NAME").unwrap_or(env!("CARGO_PKG_NAME")))
            .version(env!("CARGO_PKG_VERSION"))
    };
}

/// Links crates whose definitions are to be offered though nothing else names them.
///
/// A crate that stands in `Cargo.toml` and is named nowhere is not linked, and its tools are not found.
///
/// ```
/// # use {tokio as weather_tools, serde_json as database_tools};
/// mcp::link!(weather_tools, database_tools);
/// ```
#[macro_export]
macro_rules! link {
    ($($name:ident),+ $(,)?) => {
        $(use $name as _;)+
    };
}

/// The examples of the README, which are to compile.
#[cfg(all(doctest, feature = "http", feature = "cli"))]
#[doc = include_str!("../../README.md")]
mod readme {}
