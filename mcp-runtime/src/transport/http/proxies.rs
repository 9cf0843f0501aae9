//! What proxies in front of the server say of a request that they pass on: from where it came, and for which host. It is
//! believed of those that were named, and of nobody else.

use std::net::{IpAddr, SocketAddr};

use http::request::Parts;
use http::{HeaderMap, HeaderName};

use super::RemoteAddress;

/// The proxies in front of a server, such as one that ends TLS, and which of their headers to believe.
///
/// ```
/// use mcp::http::{Exposure, Proxies, unauthenticated};
///
/// let proxies = Proxies::new(["10.0.0.0/8", "fd00::/8"]).x_forwarded_host();
/// let exposure = Exposure::public(["mcp.example.com"], [""; 0], unauthenticated()).behind(proxies);
/// ```
///
/// A request that comes from one of these addresses has its own address in `X-Forwarded-For`: the last one there that is not
/// a proxy's. Where it comes from elsewhere, or nobody knows [from where](RemoteAddress), what it says of that is ignored, and
/// no function sees it.
///
/// Name a header here only if your proxy sets it on every request: what a proxy passes on as it came, anybody can write.
#[derive(Debug, Clone)]
pub struct Proxies {
    networks: Vec<Network>,
    headers: Headers,
    host: bool,
    problems: Vec<String>,
}

/// Which headers a proxy sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Headers {
    XForwarded,
    Standard,
}

static FORWARDED: HeaderName = http::header::FORWARDED;
static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
static ALL: [&HeaderName; 5] =
    [&FORWARDED, &X_FORWARDED_FOR, &X_FORWARDED_HOST, &X_FORWARDED_PROTO, &X_REAL_IP];

/// A longer way than this nobody comes.
const MOST_HOPS: usize = 16;

impl Proxies {
    /// Proxies at these addresses, or in these networks.
    pub fn new<A: AsRef<str>>(addresses: impl IntoIterator<Item = A>) -> Self {
        let mut proxies =
            Self { networks: Vec::new(), headers: Headers::XForwarded, host: false, problems: Vec::new() };
        for address in addresses {
            match Network::parse(address.as_ref()) {
                Some(network) => proxies.networks.push(network),
                None => {
                    let address = address.as_ref();
                    proxies
                        .problems
                        .push(format!("{address:?} is not an address or a network, as in \"10.0.0.0/8\""));
                }
            }
        }
        if proxies.networks.is_empty() && proxies.problems.is_empty() {
            proxies.problems.push("proxies need an address: without a proxy leave them out".into());
        }
        proxies
    }

    /// They set `X-Forwarded-Host` to the host that the client named, and change `Host`. It is checked in place of `Host`.
    #[must_use]
    pub fn x_forwarded_host(mut self) -> Self {
        self.host = true;
        self
    }

    /// They set `Forwarded` (RFC 7239), with `for` and perhaps `host`, and not the headers that begin with `X-Forwarded-`.
    #[must_use]
    pub fn forwarded(mut self) -> Self {
        self.headers = Headers::Standard;
        self
    }

    pub(super) fn problems(&self) -> &[String] {
        &self.problems
    }

    fn include(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.includes(address))
    }

    /// Finds out from where a request came, which is its [`RemoteAddress`] from then on, and gives the host that it was sent
    /// to, where a proxy says so.
    pub(super) fn resolve(&self, request: &mut Parts) -> Option<String> {
        let direct = request.extensions.get::<RemoteAddress>().map(|RemoteAddress(address)| *address);
        let Some(direct) = direct.filter(|direct| self.include(direct.ip())) else {
            for name in ALL {
                request.headers.remove(name);
            }
            return None;
        };
        let hops = match self.headers {
            Headers::XForwarded => x_forwarded(&request.headers),
            Headers::Standard => standard(&request.headers),
        };
        let mut at = direct;
        let mut host = None;
        for hop in hops.into_iter().take(MOST_HOPS) {
            // What comes before was written by somebody else.
            if !self.include(at.ip()) {
                break;
            }
            host = hop.host.or(host);
            let Some(from) = hop.from else { break };
            at = from;
        }
        request.extensions.insert(RemoteAddress(at));
        // What these proxies do not set they pass on as somebody wrote it.
        let foreign: &[&HeaderName] = match self.headers {
            Headers::XForwarded => &[&FORWARDED],
            Headers::Standard => &[&X_FORWARDED_FOR, &X_FORWARDED_HOST, &X_FORWARDED_PROTO],
        };
        for name in foreign {
            request.headers.remove(*name);
        }
        if self.headers == Headers::XForwarded && self.host {
            let mut named = request.headers.get_all(&X_FORWARDED_HOST).iter();
            // A proxy that sets it leaves one.
            if let (Some(one), None) = (named.next(), named.next()) {
                host = one.to_str().ok().map(str::to_owned);
            }
        }
        host
    }
}

/// What one proxy says of whoever it was asked by.
#[derive(Debug, Default)]
struct Hop {
    from: Option<SocketAddr>,
    host: Option<String>,
}

/// The lines of a header, the last first: what comes last was written by whoever is nearest.
fn lines<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    headers.get_all(name).iter().rev().map(|line| line.as_bytes())
}

/// The nearest first.
fn x_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let named = lines(headers, &X_FORWARDED_FOR).flat_map(|line| line.rsplit(|byte| *byte == b','));
    named.map(|text| Hop { from: node(read(text)), host: None }).collect()
}

/// RFC 7239, section 4; the nearest first.
fn standard(headers: &HeaderMap) -> Vec<Hop> {
    let elements = lines(headers, &FORWARDED).flat_map(|line| parts(line, b','));
    let hop = |element: &[u8]| {
        let mut hop = Hop::default();
        for pair in parts(element, b';') {
            let Some((name, value)) = read(pair).split_once('=') else { continue };
            let value = value.trim();
            let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
            if name.trim().eq_ignore_ascii_case("for") {
                hop.from = hop.from.or(node(value));
            } else if name.trim().eq_ignore_ascii_case("host") {
                hop.host.get_or_insert(value.to_owned());
            }
        }
        hop
    };
    elements.map(hop).collect()
}

/// The parts between separators that do not stand in quotes, the last first. Read from the end, a quote that somebody left
/// open hides nothing of what a proxy wrote behind it.
fn parts(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    text.rsplit(move |byte| {
        quoted ^= *byte == b'"';
        *byte == separator && !quoted
    })
}

fn read(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or_default().trim()
}

/// An address, perhaps with a port.
fn node(text: &str) -> Option<SocketAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().map(|address| SocketAddr::new(address, 0));
    address.or_else(|_| text.parse()).ok()
}

/// Addresses that begin alike.
#[derive(Debug, Clone, Copy)]
struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self { address, bits })
    }

    fn includes(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let shift = 32 - self.bits;
                u32::from(own).checked_shr(shift) == u32::from(other).checked_shr(shift)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let shift = 128 - self.bits;
                u128::from(own).checked_shr(shift) == u128::from(other).checked_shr(shift)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From where, and for which host, a request is taken to be that came from `direct`.
    fn seen(proxies: &Proxies, direct: &str, lines: &[(&str, &str)]) -> (String, Option<String>) {
        let mut request = http::Request::builder();
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.insert(RemoteAddress(SocketAddr::new(direct.parse().unwrap(), 9)));
        let host = proxies.resolve(&mut parts);
        let RemoteAddress(address) = parts.extensions.get().unwrap();
        (address.ip().to_string(), host)
    }

    #[test]
    fn only_proxies_that_were_named_are_believed_and_only_about_their_own_neighbours() {
        let proxies = Proxies::new(["10.0.0.0/8", "fd00::/8", "192.0.2.1"]);
        for (direct, lines, from) in [
            ("10.1.2.3", vec![("x-forwarded-for", "198.51.100.7")], "198.51.100.7"),
            ("::ffff:10.1.2.3", vec![("x-forwarded-for", "198.51.100.7")], "198.51.100.7"),
            ("fd12::1", vec![("x-forwarded-for", "2001:db8::7")], "2001:db8::7"),
            ("192.0.2.1", vec![("x-forwarded-for", "198.51.100.7:99")], "198.51.100.7"),
            ("192.0.2.2", vec![("x-forwarded-for", "198.51.100.7")], "192.0.2.2"),
            ("11.0.0.1", vec![("x-forwarded-for", "198.51.100.7")], "11.0.0.1"),
            // The first was written by the caller.
            ("10.1.2.3", vec![("x-forwarded-for", "203.0.113.9, 198.51.100.7")], "198.51.100.7"),
            (
                "10.1.2.3",
                vec![("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.7, 10.9.9.9")],
                "198.51.100.7",
            ),
            ("10.1.2.3", vec![("x-forwarded-for", "10.1.1.1, 10.2.2.2")], "10.1.1.1"),
            ("10.1.2.3", vec![("x-forwarded-for", "198.51.100.7, who knows")], "10.1.2.3"),
            ("10.1.2.3", vec![], "10.1.2.3"),
            // Another header than the one that these proxies set.
            ("10.1.2.3", vec![("forwarded", "for=198.51.100.7")], "10.1.2.3"),
        ] {
            assert_eq!(seen(&proxies, direct, &lines).0, from, "{direct} {lines:?}");
        }
    }

    #[test]
    fn a_host_is_believed_where_it_was_said_that_proxies_set_it() {
        let host = ("x-forwarded-host", "mcp.example.com");
        let with = Proxies::new(["10.0.0.1"]).x_forwarded_host();
        assert_eq!(seen(&with, "10.0.0.1", &[host]).1.as_deref(), Some("mcp.example.com"));
        assert_eq!(seen(&with, "10.0.0.2", &[host]).1, None);
        assert_eq!(seen(&with, "10.0.0.1", &[host, ("x-forwarded-host", "evil.example.com")]).1, None);
        assert_eq!(seen(&Proxies::new(["10.0.0.1"]), "10.0.0.1", &[host]).1, None);
    }

    #[test]
    fn the_standard_header_is_read_where_it_was_named() {
        let proxies = Proxies::new(["10.0.0.0/8"]).forwarded();
        for (line, from, host) in [
            ("for=198.51.100.7;proto=https;host=mcp.example.com", "198.51.100.7", Some("mcp.example.com")),
            ("For=\"[2001:db8::7]:4711\"", "2001:db8::7", None),
            ("for=203.0.113.9;host=evil.example.com, for=198.51.100.7", "198.51.100.7", None),
            ("for=198.51.100.7;host=\"a,b;c\", for=10.0.0.2;host=inner", "198.51.100.7", Some("a,b;c")),
            ("for=_hidden;host=x", "10.0.0.1", Some("x")),
            ("for=unknown", "10.0.0.1", None),
            (";;=,,\"", "10.0.0.1", None),
            ("for=1.2.3.4;x=\", for=198.51.100.7", "198.51.100.7", None),
        ] {
            let (found, named) = seen(&proxies, "10.0.0.1", &[("forwarded", line)]);
            assert_eq!((found.as_str(), named.as_deref()), (from, host), "{line}");
        }
        assert_eq!(seen(&proxies, "10.0.0.1", &[("x-forwarded-for", "198.51.100.7")]).0, "10.0.0.1");
    }

    #[test]
    fn nothing_that_a_caller_writes_hides_what_a_proxy_adds_behind_it() {
        let proxies = Proxies::new(["10.0.0.0/8"]).forwarded();
        for written in [
            "for=203.0.113.9;host=evil;x=\"",
            "for=\"203.0.113.9",
            "\"",
            "for=203.0.113.9;x=\"\\",
            "for=203.0.113.9;x=\"\\\"\"\"",
            "for=\"\u{e9}",
        ] {
            let line = format!("{written}, for=198.51.100.7;host=mcp.example.com");
            let (from, host) = seen(&proxies, "10.0.0.1", &[("forwarded", &line)]);
            assert_eq!((from.as_str(), host.as_deref()), ("198.51.100.7", Some("mcp.example.com")), "{line}");
        }
        let proxies = Proxies::new(["10.0.0.0/8"]);
        let line = "\u{e9}, 198.51.100.7";
        assert_eq!(seen(&proxies, "10.0.0.1", &[("x-forwarded-for", line)]).0, "198.51.100.7");
    }

    #[test]
    fn what_is_no_address_is_a_problem() {
        for wrong in ["", "10.0.0.0/33", "10.0.0.0/", "proxy.example.com", "::/129", "10.0.0/8"] {
            assert_eq!(Proxies::new([wrong]).problems().len(), 1, "{wrong}");
        }
        assert_eq!(Proxies::new([""; 0]).problems().len(), 1);
        assert!(Proxies::new(["0.0.0.0/0", "::/0"]).problems().is_empty());
    }
}
