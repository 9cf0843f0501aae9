//! From which address a request came.

use std::net::{IpAddr, SocketAddr};

use http::request::Parts;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address that a request came from, as an extension of an HTTP request.
///
/// A server that listens itself knows it. One that is nested in a router is told with this, or callers who have no name are
/// not told apart:
///
/// ```no_run
/// use std::net::SocketAddr;
/// use axum::extract::ConnectInfo;
/// use mcp::http::RemoteAddress;
///
/// # let mcp = mcp::server!().build()?.http_service();
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

/// Where the caller is, behind so many proxies that are believed.
pub(super) fn address(parts: &Parts, trusted_hops: usize) -> Option<IpAddr> {
    let direct = parts.extensions.get::<RemoteAddress>().map(|RemoteAddress(address)| address.ip());
    if trusted_hops == 0 {
        return direct;
    }
    let lines = parts.headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok());
    let named: Vec<&str> = lines.flat_map(|line| line.split(',')).collect();
    // The last was added by the proxy that we speak to. Where there are fewer than there should be, none is believed.
    let behind = named.len().checked_sub(trusted_hops).and_then(|at| named.get(at));
    behind.and_then(|text| parse(text.trim())).or(direct)
}

/// An address, perhaps with a port.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(lines: &[&str], trusted_hops: usize) -> String {
        let mut request = http::Request::builder();
        for line in lines {
            request = request.header(FORWARDED_FOR, *line);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.insert(RemoteAddress("192.0.2.1:1234".parse().unwrap()));
        address(&parts, trusted_hops).unwrap().to_string()
    }

    #[test]
    fn only_what_trusted_proxies_have_added_is_believed() {
        assert_eq!(seen(&["198.51.100.7"], 0), "192.0.2.1");
        assert_eq!(seen(&["198.51.100.7"], 1), "198.51.100.7");
        assert_eq!(seen(&["203.0.113.9, 198.51.100.7"], 1), "198.51.100.7");
        assert_eq!(seen(&["203.0.113.9", "198.51.100.7"], 2), "203.0.113.9");
        assert_eq!(seen(&["198.51.100.7"], 2), "192.0.2.1");
        assert_eq!(seen(&[], 1), "192.0.2.1");
        assert_eq!(seen(&["who knows"], 1), "192.0.2.1");
        assert_eq!(seen(&["198.51.100.7:99"], 1), "198.51.100.7");
        assert_eq!(seen(&["[2001:db8::1]:99"], 1), "2001:db8::1");
        assert_eq!(seen(&["[2001:db8::1]"], 1), "2001:db8::1");
    }
}
