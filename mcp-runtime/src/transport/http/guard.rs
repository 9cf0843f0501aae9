//! Whether a request names this server as its host, and comes from a page that may send it.

use http::request::Parts;
use http::{StatusCode, header};

use super::exposure::{Exposure, Reach};

/// A host as it stands in a `Host` header: a name or an address, and perhaps a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    name: String,
    port: Option<u16>,
}

impl Host {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, port) = match text.rsplit_once(':') {
            // The last colon of `[::1]` stands inside its brackets.
            Some((name, port)) if !port.ends_with(']') => (name, Some(port.parse().ok()?)),
            _ => (text, None),
        };
        let legal = |name: &str| {
            let inner = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            match inner {
                Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
                None => {
                    !name.is_empty()
                        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
                }
            }
        };
        legal(name).then(|| Self { name: name.to_ascii_lowercase(), port })
    }

    /// Whether a request for `self` is one for the host that was configured: with the same port, where one was named.
    fn is(&self, configured: &Self) -> bool {
        self.name == configured.name && (configured.port.is_none() || configured.port == self.port)
    }

    fn is_loopback(&self, port: Option<u16>) -> bool {
        ["localhost", "127.0.0.1", "[::1]"].contains(&self.name.as_str())
            && port.is_none_or(|port| self.port.unwrap_or(80) == port)
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Where a page comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    scheme: String,
    host: Host,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)
    }
}

impl Origin {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, host) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let legal = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let mut host = Host::parse(host)?;
        // A browser leaves the usual port out.
        let usual = match scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        host.port = host.port.or(usual);
        legal.then_some(Self { scheme, host })
    }

    fn is_loopback(&self, port: Option<u16>) -> bool {
        self.scheme == "http" && self.host.is_loopback(port)
    }
}

/// Checks a request. `port` is the one that the server listens at, where it is known; `forwarded` the host that a proxy says
/// it was sent to.
pub(super) fn check(
    exposure: &Exposure,
    port: Option<u16>,
    forwarded: Option<&str>,
    request: &Parts,
) -> Result<(), (StatusCode, String)> {
    let refused = |what: String| Err((StatusCode::FORBIDDEN, what));
    let mut hosts = request.headers.get_all(header::HOST).iter();
    let named = match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => return Err((StatusCode::BAD_REQUEST, "header host occurs twice".into())),
        (Some(host), None) => host.to_str().ok(),
        (None, _) => request.uri.authority().map(http::uri::Authority::as_str),
    };
    if let (Some(named), Some(authority)) = (named, request.uri.authority())
        && !authority.as_str().eq_ignore_ascii_case(named)
    {
        return Err((
            StatusCode::BAD_REQUEST,
            "header host differs from the authority of the request".into(),
        ));
    }
    let named = forwarded.or(named);
    let Some(host) = named.and_then(Host::parse) else {
        return Err((StatusCode::BAD_REQUEST, "header host is missing or is not a host".into()));
    };
    let known = match &exposure.reach {
        Reach::Loopback => host.is_loopback(port),
        Reach::Public { hosts, .. } => hosts.iter().any(|configured| host.is(configured)),
    };
    if !known {
        let shown = named.unwrap_or_default();
        tracing::warn!(
            host = cut(shown),
            "refused a request for a host that is not this server's; see `Exposure::public`"
        );
        return refused("this server does not answer to that host".into());
    }
    for origin in request.headers.get_all(header::ORIGIN) {
        let parsed = origin.to_str().ok().and_then(Origin::parse);
        let allowed = parsed.is_some_and(|origin| {
            exposure.origins.contains(&origin) || (!exposure.is_public() && origin.is_loopback(port))
        });
        if !allowed {
            tracing::warn!(
                origin = cut(&String::from_utf8_lossy(origin.as_bytes())),
                "refused a request from a page that is not allowed; see `Exposure::allow_origin`"
            );
            return refused("requests from that origin are not allowed".into());
        }
    }
    Ok(())
}

/// What strangers send has so many characters in the log.
fn cut(text: &str) -> &str {
    const LONGEST: usize = 128;
    text.char_indices().nth(LONGEST).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(exposure: &Exposure, host: &str, origin: Option<&str>) -> u16 {
        let mut request = http::Request::builder().header("host", host);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        check(exposure, Some(8080), None, &parts).map_or_else(|(status, _)| status.as_u16(), |()| 200)
    }

    #[test]
    fn the_loopback_exposure_answers_to_loopback_names_at_its_port_in_any_case() {
        let exposure = Exposure::loopback();
        for host in ["localhost:8080", "LocalHost:8080", "127.0.0.1:8080", "[::1]:8080"] {
            assert_eq!(answer(&exposure, host, None), 200, "{host}");
        }
        for host in
            ["evil.example.com", "localhost", "localhost:8081", "127.0.0.1.evil.com:8080", "0.0.0.0:8080"]
        {
            assert_eq!(answer(&exposure, host, None), 403, "{host}");
        }
        for host in ["", "localhost:", "localhost:port", "a@localhost:8080", "[::1:8080", "local host:8080"] {
            assert_eq!(answer(&exposure, host, None), 400, "{host}");
        }
    }

    #[test]
    fn an_origin_is_compared_whole() {
        let exposure = Exposure::loopback().allow_origin("https://app.example.com");
        for origin in ["http://localhost:8080", "https://app.example.com", "https://APP.example.com:443"] {
            assert_eq!(answer(&exposure, "localhost:8080", Some(origin)), 200, "{origin}");
        }
        for origin in [
            "null",
            "",
            "http://localhost:3000",
            "https://localhost:8080",
            "http://app.example.com",
            "https://app.example.com:444",
            "https://app.example.com.evil.com",
            "https://evil.com",
            "https://user@app.example.com",
            "https://app.example.com/",
            "file://",
            "http://localhost:8080#",
        ] {
            assert_eq!(answer(&exposure, "localhost:8080", Some(origin)), 403, "{origin}");
        }
    }

    #[test]
    fn a_public_server_answers_to_its_hosts_only() {
        let exposure = Exposure::public(
            ["mcp.example.com", "other.example.com:8443"],
            [""; 0],
            super::super::unauthenticated(),
        );
        assert_eq!(answer(&exposure, "mcp.example.com", None), 200);
        assert_eq!(answer(&exposure, "mcp.example.com:9000", None), 200);
        assert_eq!(answer(&exposure, "other.example.com:8443", None), 200);
        assert_eq!(answer(&exposure, "other.example.com", None), 403);
        assert_eq!(answer(&exposure, "localhost:8080", None), 403);
        assert_eq!(answer(&exposure, "mcp.example.com", Some("http://localhost:8080")), 403);
    }

    #[test]
    fn a_host_that_differs_from_the_authority_is_refused() {
        for (uri, expected) in
            [("http://localhost:8080/", Ok(())), ("http://evil.example/", Err(StatusCode::BAD_REQUEST))]
        {
            let request = http::Request::builder().uri(uri).header("host", "localhost:8080");
            let (parts, ()) = request.body(()).unwrap().into_parts();
            let checked = check(&Exposure::loopback(), Some(8080), None, &parts);
            assert_eq!(checked.map_err(|(status, _)| status), expected);
        }
    }

    #[test]
    fn a_second_host_is_refused() {
        let request =
            http::Request::builder().header("host", "localhost:8080").header("host", "localhost:8080");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(
            check(&Exposure::loopback(), Some(8080), None, &parts).unwrap_err().0,
            StatusCode::BAD_REQUEST
        );
    }
}
