//! Everything that knows JSON-RPC or a revision of the protocol: bytes become a complete [`Request`](crate::model::Request)
//! here, and a [`Response`](crate::model::Response) becomes the bytes of the revision that was asked for.
//!
//! No other module names or compares a revision.

mod asked;
mod batch;
mod changed;
mod completion;
mod cursor;
mod decode;
#[cfg(feature = "http")]
mod elsewhere;
mod encode;
mod envelope;
mod extra;
mod flight;
mod headers;
mod identity;
mod mirrored;
mod noted;
mod peer;
mod question;
#[cfg_attr(
    not(feature = "http"),
    allow(dead_code, reason = "only HTTP loses a connection and keeps its session")
)]
mod resumed;
mod revision;
mod session;
#[cfg_attr(
    not(feature = "http"),
    allow(dead_code, reason = "only HTTP has sessions that other machines can go on with")
)]
mod shared;
mod state;
mod stateful;
mod stateless;
mod unserved;

pub(crate) use changed::Voice;
pub(crate) use decode::{Decoded, Incoming, decode, too_long};
#[cfg(feature = "http")]
pub(crate) use elsewhere::resume_elsewhere;
pub(crate) use encode::{Answer, Back};
pub(crate) use encode::{catalogue, code_of, result_to_keep};
pub(crate) use flight::{Entry, InFlight};
pub(crate) use identity::{About, Identity};
pub use peer::Peer;
pub(crate) use question::question_to_tell;
#[cfg(feature = "http")]
pub(crate) use resumed::resume;
pub(crate) use revision::Revision;
pub(crate) use session::{SessionLimits, Sessions};
pub(crate) use shared::heard;
#[cfg(feature = "http")]
pub(crate) use shared::{forget, meet, remember};
pub(crate) use state::Carried;
pub(crate) use stateful::{end_session, listen};

/// The newest stateless revision, for clients of our own.
pub(crate) const STATELESS: &str = Revision::LATEST_STATELESS.name();
/// The newest stateful revision, for clients of our own.
pub(crate) const STATEFUL: &str = Revision::LATEST_STATEFUL.name();

/// The names of the members of `_meta` that the protocol defines.
pub(crate) mod meta {
    pub(crate) const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
    pub(crate) const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
    pub(crate) const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
    pub(crate) const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";
    pub(crate) const PROGRESS_TOKEN: &str = "progressToken";
    pub(crate) const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
    pub(crate) const SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";
    /// A name of our own: calls of a tool with one key are one call.
    pub(crate) const IDEMPOTENCY_KEY: &str = "idempotencyKey";
    pub(crate) const TRACE_PARENT: &str = "traceparent";
    pub(crate) const TRACE_STATE: &str = "tracestate";
    pub(crate) const BAGGAGE: &str = "baggage";
}
