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
//! # What a function takes and gives
//!
//! A type that is `Deserialize` and [`JsonSchema`](schemars::JsonSchema) is a member of the call's JSON; what implements
//! [`Extract`] takes nothing from it: [`Context`], [`State`], [`Principal`], [`Headers`], [`Server`], and types of yours.
//! [`Args`] takes the whole object. Defaults, constraints and more stand in `#[arg(…)]`: [`guide::arguments`]. What may be returned stands at [`IntoToolResult`], [`IntoResourceResult`] and
//! [`IntoPromptResult`]; the error of a `Result` is any error, or a [`ToolError`] that tells the model what it can do.
//!
//! ```
//! use mcp::{Context, Json, State, ToolError};
//!
//! struct Stock(Vec<String>);
//!
//! /// Finds articles.
//! #[mcp::tool(read_only)]
//! async fn find(prefix: &str, stock: State<Stock>, cx: Context) -> Result<Json<Vec<String>>, ToolError> {
//!     if prefix.is_empty() {
//!         return Err(ToolError::invalid_input("a prefix has at least one letter"));
//!     }
//!     cx.progress((1, 2));
//!     Ok(Json(stock.0.iter().filter(|name| name.starts_with(prefix)).cloned().collect()))
//! }
//! ```
//!
//! # Asking the client
//!
//! [`Context::elicit`], [`visit`](Context::visit), [`sample`](Context::sample) and [`roots`](Context::roots) ask, and
//! `.await` gives the answer or an [`AskError`]. Clients with a session answer while the function waits; for the others **the
//! function runs again from its top** with the answer, so effects before a question belong into [`Context::once`]. The rules
//! stand at [`Ask`]; what such clients carry is sealed with the keys of [`ServerBuilder::state_keys`].
//!
//! ```
//! use mcp::{Context, ToolError};
//! # async fn reserve(table: u8) -> Result<u32, ToolError> { Ok(u32::from(table)) }
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Agreed {
//!     /// Whether the price is all right.
//!     agreed: bool,
//! }
//!
//! /// Reserves a table.
//! #[mcp::tool]
//! async fn reserve_table(table: u8, cx: Context) -> Result<String, ToolError> {
//!     let number = cx.once("reserve", reserve(table)).await?;
//!     let Agreed { agreed } = cx.elicit("It costs 10 euros.").key("price").await?;
//!     Ok(format!("reservation {number}, price agreed: {agreed}"))
//! }
//! ```
//!
//! # Changes
//!
//! A [`Server`] is cheap to clone and tells its clients what has changed: [`Server::resource_updated`],
//! [`Server::tools_changed`]; [`Server::disable_tool`] and its like change the lists and say so.
//!
//! ```
//! /// Turns the tool `pay` off.
//! #[mcp::tool]
//! async fn close_shop(server: mcp::Server) -> &'static str {
//!     server.disable_tool("pay");
//!     server.resource_updated("shop://hours");
//!     "closed"
//! }
//! ```
//!
//! # Log messages
//!
//! [`Context::log`] sends a message to the client's log, where the client asked for its [`Level`]. It is not the server's own
//! log: that is written with `tracing`, of which [`ServerBuilder::log_to_client`] tells clients what you choose.
//!
//! ```
//! use mcp::{Context, Level};
//!
//! /// Imports a file.
//! #[mcp::tool]
//! async fn import(path: String, cx: Context) -> &'static str {
//!     cx.log(Level::Warning, serde_json::json!({"file": path, "skipped": 3}));
//!     "imported"
//! }
//! ```
//!
//! # Completion
//!
//! Enums and booleans complete themselves. `#[arg(complete = path)]` names a function that completes another argument of a
//! prompt or of a resource template: see [`Complete`], [`Typed`] and [`Completion`].
//!
//! ```
//! use mcp::Typed;
//!
//! async fn cities(typed: Typed) -> Vec<&'static str> {
//!     ["Berlin", "Bremen", "Paris"].into_iter().filter(|city| city.starts_with(&*typed)).collect()
//! }
//!
//! /// Describes a city.
//! #[mcp::prompt]
//! async fn city(#[arg(complete = cities)] city: String) -> String {
//!     format!("Describe {city}.")
//! }
//! ```
//!
//! # Tasks
//!
//! `#[mcp::tool(task)]` lets a call go on after its answer; `task(deferred)` waits for [`Context::start_task`],
//! `task(required)` refuses clients that know no tasks. Others of those get a link to `task://…` after
//! [`Tasks::patience`]. Where tasks are kept says [`TaskStore`].
//!
//! ```
//! use std::time::Duration;
//! use mcp::Tasks;
//!
//! /// Computes for long.
//! #[mcp::tool(task)]
//! async fn compute(seconds: u64) -> String {
//!     tokio::time::sleep(Duration::from_secs(seconds)).await;
//!     format!("computed for {seconds} s")
//! }
//!
//! let tasks = Tasks::new().keep(Duration::from_secs(600)).most(100);
//! let server = mcp::server!().explicit().tool::<compute>().tasks(tasks).build()?;
//! # Ok::<_, mcp::BuildError>(())
//! ```
//!
//! # What is published beside
//!
//! Pages of lists ([`ServerBuilder::page_size`]), how long they hold ([`ServerBuilder::list_ttl`]; of a resource `ttl`),
//! pictures ([`Icon`]; of an item `icon`), `_meta` (`meta`; of a result [`WithMeta`]), the URI of a template
//! ([`Template::expand`]), arguments that clients repeat in headers (`#[arg(header = "Region")]`), and pages that show results
//! (`app`).
//!
//! ```
//! use mcp::{Json, WithMeta};
//!
//! /// Tells the price.
//! #[mcp::tool(read_only, icon = "https://example.com/price.png", app = "ui://shop/price")]
//! async fn price(#[arg(header = "Region")] region: String) -> WithMeta<Json<u32>> {
//!     let price = if region == "eu" { 10 } else { 12 };
//!     WithMeta::new(Json(price)).meta("com.example/currency", "EUR")
//! }
//!
//! /// The page that shows it.
//! #[mcp::resource("ui://shop/price", mime = "text/html;profile=mcp-app", ttl = 3600, public)]
//! async fn price_page() -> &'static str {
//!     "<!doctype html><p>The price is shown here.</p>"
//! }
//!
//! let server = mcp::server!().explicit().tool::<price>().resource::<price_page>().page_size(50).build()?;
//! # Ok::<_, mcp::BuildError>(())
//! ```
//!
//! # HTTP
//!
//! Who may reach a server is an [`Exposure`](http::Exposure): programs on this machine by default. A server nests in a router
//! with [`Server::http_service`]; the oldest clients need [`ServerBuilder::http_sse`].
//!
//! # Beyond
//!
//! Calls have a time ([`ServerBuilder::timeout`]), requests a rate ([`RateLimits`]), functions places ([`Bulkhead`]) and breakers
//! ([`Breaker`]); calls with a key are made once ([`Idempotency`]), and [`Upstream`] asks others.
//!
//! Operators see what happens: spans, counts ([`ServerBuilder::metrics`]), an [`Audit`], and whether the server is ready
//! ([`guide::sight`]).
//!
//! `tower` layers stand around every request ([`ServerBuilder::layer`]); [`transport`] carries messages over anything;
//! [`testing`] is a client in the same process; an [`Extension`] adds methods to the protocol.
//!
//! # Revisions
//!
#![doc = include_str!("../features.md")]
//!
//! *request*: the client is asked while the function waits. *result*: the client calls again with the answer. *a link later*: the
//! call's result, or a link to where it will be. Resource links and audio that stand *in words* are text blocks.
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `http` | yes | Streamable HTTP, and HTTP+SSE for the oldest clients, on hyper |
//! | `cli` | yes | `run()` and [`Cli`], the command line of every server, on clap; needs `http` |
//! | `config` | no | files of settings may be TOML; without it they are JSON; needs `cli` |
//! | `validate` | no | constraints inside types of yours and in schemas written by hand are checked, with `jsonschema` |
//! | `otel` | no | spans for an OpenTelemetry collector (`mcp::telemetry`), with `opentelemetry-otlp`; needs `cli` |
//! | `auth` | no | tokens of an OAuth 2.1 issuer, and API keys; needs `http`, and a C compiler to build AWS-LC |
//! | `redis` | no | several machines share limits, keys, sessions and tasks in Redis: [`redis`] |
//! | `seal` | yes | asking clients without a session: what they carry is sealed with XChaCha20-Poly1305 |

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "auth")]
pub mod auth;
mod catalogue;
mod changes;
mod check;
#[cfg(feature = "cli")]
mod client_log;
#[cfg(feature = "cli")]
pub mod config;
pub mod contract;
mod dialect;
mod dispatch;
mod error;
mod extension;
pub mod guide;
mod handler;
mod handles;
pub mod idempotency;
mod json;
#[cfg_attr(
    not(feature = "http"),
    allow(dead_code, unused_imports, reason = "only HTTP loses a connection and keeps its session")
)]
mod kept;
mod layer;
pub mod limits;
mod model;
mod output;
mod prose;
#[cfg(feature = "redis")]
pub mod redis;
mod registry;
pub mod replicas;
mod schema;
mod seal;
mod secrets;
mod server;
mod settings;
mod sight;
mod tally;
mod tasks;
#[cfg(feature = "otel")]
pub mod telemetry;
pub mod testing;
pub mod transport;
mod upstream;
mod wire;

pub use catalogue::Catalogue;
pub use check::{Checks, Finding, Report, Severity, Tokens, ToolTokens};
#[cfg(feature = "cli")]
pub use client_log::ClientLog;
#[cfg(feature = "cli")]
pub use config::Config;
pub use dialect::{Dialect, Loss, UnknownDialect};
pub use error::{BoxError, BuildError, Error, ErrorKind, FailureKind, Result, ServerError, ToolError};
pub use extension::{BoxFuture, Extension, ExtensionCall, ExtensionMethod};
pub use handler::{
    Args, Argument, Ask, AskError, Claims, Complete, Completing, Context, Cursor, Extract, Extractor, Field,
    Headers, IntoCompletion, IntoPromptResult, IntoResourceResult, IntoToolResult, Json, Needs, Page, Paged,
    Root, Sampled, State, Table, Whole,
};
pub use handles::{Handle, HandleRules, HandleStore, Handles, Keeping, Room};
pub use idempotency::Idempotency;
pub use layer::{Breaker, BreakerState, BreakerStatus, Bulkhead, Next};
pub use limits::{Rate, RateLimits};
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
pub use secrets::{Credential, EnvSecrets, FileSecrets, Secret, SecretSource, SecretValue};
#[cfg(feature = "cli")]
pub use server::Cli;
pub use server::{Replies, Reply, ReplyKind, Server, ServerBuilder};
pub use settings::{ConfigError, settings};
pub use sight::{Audit, AuditArguments, AuditRecord, AuditSink, CheckReport, Readiness, ReadyState};
pub use tally::ToolCounts;
pub use tasks::{TaskPolicy, TaskRecord, TaskStatus, TaskStore, Tasks};
#[cfg(feature = "http")]
pub use transport::http;
pub use upstream::{Cached, Upstream, UpstreamError, UpstreamStats, Verdict};
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

/// Holds a package to what it publishes. It is the body of a `#[test]`:
///
/// ```no_run
/// fn the_published_contract_holds() {
///     mcp::contract!();
/// }
/// ```
///
/// `mcp.lock`, beside the `Cargo.toml` of the package, holds every name, text and schema that the package publishes. A change
/// fails the test with a [verdict](mod@contract) for each difference: breaking for callers, additive, or wording only.
/// `MCP_LOCK=write cargo test` writes the lock, which belongs into version control; where `CI` is set it refuses to.
///
/// What is published is found as [`server!`](crate::server!) finds it, with what crates bring that are linked. What is there
/// for tests only is left out: what a test in `tests/` defines itself, and modules of the package called `tests` or `test`.
/// States need not be given. A server says what is not found that way, such as its instructions:
///
/// ```no_run
/// # fn server() -> mcp::ServerBuilder { mcp::server!() }
/// # fn admin() -> mcp::ServerBuilder { mcp::server!() }
/// mcp::contract!(server());
/// mcp::contract!(admin(), path = "locks/admin.lock");
/// ```
///
/// It takes whatever [`Publishes`](contract::Publishes). With `path`, from the folder of the package, several servers of one
/// package have a lock each.
///
/// # Panics
///
/// Where what is published is not what the lock holds, where there is no lock, or nothing to hold, or where the lock was
/// written by a newer version of this crate, or cannot be read.
#[macro_export]
macro_rules! contract {
    () => {
        $crate::contract!($crate::server!())
    };
    (path = $path:expr $(,)?) => {
        $crate::contract!($crate::server!(), path = $path)
    };
    ($server:expr $(,)?) => {
        $crate::contract!($server, path = "mcp.lock")
    };
    ($server:expr, path = $path:expr $(,)?) => {
        $crate::__private::hold_contract(
            $server,
            &$crate::__private::Place {
                package: ::core::env!("CARGO_MANIFEST_DIR"),
                path: $path,
                module: ::core::module_path!(),
                source: ::core::file!(),
                // Cargo sets it for the tests of `tests/`, and for no others.
                beside: ::core::option_env!("CARGO_TARGET_TMPDIR").is_some(),
            },
        )
    };
}

/// The examples of the README, which are to compile.
#[cfg(all(doctest, feature = "cli", feature = "auth", feature = "redis"))]
#[doc = include_str!("../../README.md")]
mod readme {}
