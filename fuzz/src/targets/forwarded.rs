//! What stands in front of a proxy cannot say from where it comes: the address that counts is the one that the proxy saw,
//! whatever was written into the headers before.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::Full;
use mcp::http::{Authenticate, Challenge, Exposure, Proxies, RemoteAddress};
use mcp::{Principal, RateLimits, Server};
use tower::ServiceExt;

use super::ready::wait;

/// Whoever is asked who sent a request, and notes from where it came.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Option<(String, usize)>>>);

const NAMES: [&str; 5] =
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

impl Authenticate for Seen {
    async fn authenticate(&self, request: &Parts) -> Result<Principal, Challenge> {
        let from =
            request.extensions.get::<RemoteAddress>().map(|RemoteAddress(address)| address.ip().to_string());
        let left = NAMES.iter().filter(|name| request.headers.contains_key(**name)).count();
        *self.0.lock().unwrap() = from.map(|from| (from, left));
        Err(Challenge::unauthorized("Bearer"))
    }
}

struct Behind {
    server: Server,
    seen: Seen,
}

fn behind(proxies: Proxies) -> Behind {
    let seen = Seen::default();
    let exposure = Exposure::public(["mcp.example.com"], [""; 0], seen.clone()).behind(proxies);
    let server = mcp::server!().explicit().exposure(exposure).rate_limits(RateLimits::none());
    Behind { server: server.build().unwrap(), seen }
}

thread_local! {
    static SERVERS: LazyLock<[Behind; 2]> = LazyLock::new(|| {
        let proxies = || Proxies::new(["10.0.0.0/8", "fd00::/8"]);
        [behind(proxies()), behind(proxies().forwarded())]
    });
}

const PROXY: &str = "10.1.2.3";
const CLIENT: &str = "198.51.100.7";

pub fn run(data: &[u8]) {
    SERVERS.with(|servers| check(servers, data));
}

fn check(servers: &[Behind; 2], data: &[u8]) {
    let [kind, data @ ..] = data else { return };
    let (standard, trusted, joined) = (kind & 1 != 0, kind & 2 != 0, kind & 4 != 0);
    let mut request = Request::post("/mcp").header("host", "mcp.example.com");
    let (name, mine) = match standard {
        true => ("forwarded", format!("for={CLIENT}")),
        false => ("x-forwarded-for", CLIENT.to_owned()),
    };
    // What the client wrote, in lines of a name and a value.
    let mut written = Vec::new();
    for line in data.split(|byte| *byte == b'\n') {
        let at = line.iter().position(|byte| *byte == b':').unwrap_or(0);
        let (name, value) =
            (HeaderName::from_bytes(&line[..at]), HeaderValue::from_bytes(&line[(at + 1).min(line.len())..]));
        match (name, value) {
            (Ok(name), Ok(value)) if name != "host" => written.push((name, value)),
            _ => {}
        }
    }
    // What the proxy adds: a line of its own, or the end of the last one.
    if trusted {
        let last = written.iter_mut().rev().find(|(known, _)| *known == name).filter(|_| joined);
        match last {
            Some((_, value)) => {
                let both = [value.as_bytes(), b", ", mine.as_bytes()].concat();
                *value = HeaderValue::from_bytes(&both).unwrap();
            }
            None => written.push((HeaderName::from_static(name), HeaderValue::from_str(&mine).unwrap())),
        }
    }
    for (name, value) in written {
        request = request.header(name, value);
    }
    let direct = if trusted { PROXY } else { "203.0.113.5" };
    let direct_at: SocketAddr = (direct.parse::<std::net::IpAddr>().unwrap(), 9).into();
    let mut request = request.body(Full::new(Bytes::new())).unwrap();
    request.extensions_mut().insert(RemoteAddress(direct_at));
    let Behind { server, seen } = &servers[usize::from(standard)];
    let status = wait(server.http_service().oneshot(request)).unwrap().status();
    let found = seen.0.lock().unwrap().take();
    let Some((from, left)) = found else {
        assert!([400, 403].contains(&status.as_u16()), "{status}");
        return;
    };
    match (trusted, joined) {
        (false, _) => assert_eq!((from.as_str(), left), (direct, 0)),
        (true, false) => assert_eq!(from, CLIENT),
        // Quotes that the client left open hide what the proxy added: then it is the proxy's own address, and nobody's choice.
        (true, true) => assert!([CLIENT, PROXY].contains(&&*from), "{from} was the client's choice"),
    }
}
