//! From which address a request came.

use std::net::{IpAddr, SocketAddr};

use http::request::Parts;

/// The address that a request came from, as an extension of an HTTP request.
///
/// A server that listens itself knows it. One that is nested in a router is told with this, or callers who have no name are
/// not told apart:
///
/// ```
/// use std::net::SocketAddr;
/// use axum::extract::ConnectInfo;
/// use mcp::http::RemoteAddress;
///
/// # let mcp = mcp::server!().explicit().build()?.http_service();
/// let router: axum::Router = axum::Router::new()
///     .nest_service("/mcp", mcp)
///     .layer(axum::middleware::map_request(
///         |ConnectInfo(address): ConnectInfo<SocketAddr>, mut request: axum::extract::Request| async move {
///             request.extensions_mut().insert(RemoteAddress(address));
///             request
///         },
///     ));
/// let service = router.into_make_service_with_connect_info::<SocketAddr>();
/// # Ok::<_, mcp::BuildError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteAddress(pub SocketAddr);

/// By which door requests come. A server that is nested in a router knows nothing of it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Door {
    /// The port that the server listens at, which a `Host` header must name.
    pub(super) port: Option<u16>,
    /// Who is at the other end of the connection.
    pub(super) from: Option<SocketAddr>,
}

impl Door {
    /// Lets others know from where a request came: what authenticates, and what knows of proxies.
    pub(super) fn tell(self, parts: &mut Parts) {
        if let Some(from) = self.from {
            parts.extensions.insert(RemoteAddress(from));
        }
    }

    /// Where the caller is, as far as that is known.
    pub(super) fn remote(self, parts: &Parts) -> Option<IpAddr> {
        let told = parts.extensions.get::<RemoteAddress>().map(|RemoteAddress(address)| *address);
        told.or(self.from).map(|address| address.ip())
    }
}
