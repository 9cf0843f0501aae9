//! Heads of HTTP requests, as lines of bytes: nobody gets a function run whose head is not in order, whatever is answered.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use mcp::{RateLimits, Server, State};
use serde_json::json;
use tower::ServiceExt;

use super::ready::{stateless, wait};

#[derive(Default)]
struct Ran(AtomicUsize);

/// Counts.
#[mcp::tool]
async fn add(ran: State<Ran>) -> usize {
    ran.0.fetch_add(1, Ordering::SeqCst)
}

thread_local! {
    static SERVER: LazyLock<Server> = LazyLock::new(|| {
        let server = mcp::server!().explicit().tool::<add>().state(Ran::default()).http_sse();
        server.rate_limits(RateLimits::none()).max_sessions(8).build().unwrap()
    });
}

/// Method and path in the first line, then headers; behind an empty line the body, or none for the call that the head of
/// the corpus is for.
fn request(data: &[u8], session: &str) -> Option<(Request<Full<Bytes>>, bool)> {
    let (head, body) = match data.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (&data[..at], &data[at + 2..]),
        None => (data, [].as_slice()),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = std::str::from_utf8(lines.next()?).ok()?;
    let (method, uri) = first.split_once(' ')?;
    let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).ok()?).uri(uri);
    for line in lines {
        let at = line.iter().position(|byte| *byte == b':')?;
        let value = String::from_utf8_lossy(&line[at + 1..]);
        let value = match value.contains("SESSION") {
            true => HeaderValue::from_bytes(value.replace("SESSION", session).as_bytes()),
            false => HeaderValue::from_bytes(&line[at + 1..]),
        };
        request = request.header(HeaderName::from_bytes(&line[..at]).ok()?, value.ok()?);
    }
    let usual = body.is_empty();
    let call = stateless("tools/call", json!({"name": "add"})).to_string();
    let body = if usual { Bytes::from(call) } else { Bytes::copy_from_slice(body) };
    Some((request.body(Full::new(body)).ok()?, usual))
}

/// The only value of a header, without white space around it.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?.trim_matches([' ', '\t']);
    values.next().is_none().then_some(value)
}

fn is_local(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|known| {
        host.strip_prefix(known).is_some_and(|rest| {
            rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
        })
    })
}

/// Whether a function may run for a request with the usual body, told in the plainest way.
fn in_order(head: &http::request::Parts) -> Result<(), &'static str> {
    let headers = &head.headers;
    let holds = |it: bool, what: &'static str| if it { Ok(()) } else { Err(what) };
    holds(head.method == Method::POST, "method")?;
    let host = match headers.get_all("host").iter().count() {
        0 => head.uri.authority().map(|authority| authority.as_str()),
        _ => one(headers, "host"),
    };
    holds(host.is_some_and(is_local), "host")?;
    let own = |origin: &HeaderValue| {
        origin.to_str().is_ok_and(|origin| {
            origin.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
                && is_local(&origin[7..])
        })
    };
    holds(headers.get_all("origin").iter().all(own), "origin")?;
    // What its parameters say is nobody's business.
    let kind =
        headers.get("content-type").and_then(|kind| kind.as_bytes().split(|byte| *byte == b';').next());
    holds(
        kind.is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(b"application/json")),
        "content-type",
    )?;
    holds(headers.get_all("content-type").iter().count() == 1, "content-type")?;
    holds(!headers.contains_key("content-encoding"), "content-encoding")?;
    if head.uri.path().starts_with("/messages") {
        return Ok(());
    }
    holds(one(headers, "mcp-protocol-version") == Some("2026-07-28"), "mcp-protocol-version")?;
    holds(one(headers, "mcp-method") == Some("tools/call"), "mcp-method")?;
    let name = one(headers, "mcp-name").unwrap_or_default();
    let sealed = name.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    let name = sealed.map_or(name.as_bytes().to_vec(), |sealed| STANDARD.decode(sealed).unwrap_or_default());
    holds(name == b"add", "mcp-name")
}

const HELLO: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}"#;

pub fn run(data: &[u8]) {
    SERVER.with(|server| wait(check(server, data)));
}

async fn check(server: &Server, data: &[u8]) {
    let hello = Request::post("/mcp").header("host", "localhost").header("content-type", "application/json");
    let hello = hello.body(Full::new(Bytes::from(HELLO))).unwrap();
    let session = server.http_service().oneshot(hello).await.unwrap().headers()["mcp-session-id"].clone();
    let Some((request, usual)) = request(data, session.to_str().unwrap()) else { return };
    let (head, body) = request.into_parts();
    let ran = server.state::<Ran>().unwrap();
    let before = ran.0.load(Ordering::SeqCst);
    let order = in_order(&head);
    let shown = format!("{head:?}");
    let path = head.uri.path().to_owned();
    let request = Request::from_parts(head, body);
    let (parts, body) = match path.starts_with("/sse") || path.starts_with("/messages") {
        true => server.http_sse_service().oneshot(request).await.unwrap().into_parts(),
        false => server.http_service().oneshot(request).await.unwrap().into_parts(),
    };
    // Some streams have no end.
    let body = tokio::time::timeout(Duration::from_secs(60), body.collect()).await;
    let ran = ran.0.load(Ordering::SeqCst) - before;
    if usual && ran > 0 {
        assert_eq!((order, ran), (Ok(()), 1), "{shown}");
    }
    assert!([500, 502].iter().all(|fault| parts.status != *fault), "{} for {shown}", parts.status);
    if let Ok(Ok(body)) = body
        && parts.headers.get("content-type").is_some_and(|kind| kind == "application/json")
    {
        let body = body.to_bytes();
        serde_json::from_slice::<serde::de::IgnoredAny>(&body).unwrap();
    }
}
