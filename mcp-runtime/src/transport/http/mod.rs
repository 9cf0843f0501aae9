//! Streamable HTTP: a `tower::Service` that nests in any router, and a server of our own around it.
//!
//! The choice who may reach a server stands in [`Exposure`]; nothing is reachable from other machines without it.

mod accept;
mod body;
mod challenge;
#[cfg(feature = "cli")]
mod configured;
mod events;
mod exposure;
mod guard;
mod operator;
mod places;
mod protected;
mod proxies;
mod remote;
mod serve;
mod service;
mod settings;
mod sse;

pub use body::Body;
pub use challenge::Challenge;
#[cfg(feature = "cli")]
pub(crate) use configured::Said;
pub use exposure::{Authenticate, Authentication, Exposure, unauthenticated};
pub use protected::ProtectedResource;
#[cfg(feature = "auth")]
pub(crate) use protected::{is_loopback, secure};
pub use proxies::Proxies;
pub use remote::RemoteAddress;
pub use service::HttpService;
pub use sse::HttpSseService;
