//! What surrounds every request: `tower` layers over [`Request`](crate::model::Request) and
//! [`Response`](crate::model::Response), the same on every transport. One file each, and none knows another.
//!
//! From the outside to the inside: recover, watch (trace, metrics, audit), authorise, rate limit, the author's own, idempotency,
//! breaker, bulkhead, timeout, size, care, dispatch.

mod authorise;
mod breaker;
mod bulkhead;
mod care;
mod idempotency;
#[cfg(feature = "otel")]
mod linked;
#[cfg(not(feature = "otel"))]
#[path = "unlinked.rs"]
mod linked;
mod rate_limit;
mod recover;
mod refusal;
mod settings;
mod size;
mod stack;
mod through;
mod timeout;
mod trace;
mod watch;

pub(crate) use authorise::Rules;
pub use breaker::{Breaker, BreakerState, BreakerStatus};
pub(crate) use breaker::{Circuit, Shown};
pub use bulkhead::Bulkhead;
pub(crate) use refusal::Asked;
pub(crate) use settings::{Guards, Protection};
pub use stack::Next;
pub(crate) use stack::{AnyLayer, Stack, StackFuture, any};
pub(crate) use watch::Outcome;
