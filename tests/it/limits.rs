//! How often requests may come, and what is said to those that come too often.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use mcp::http::{Exposure, RemoteAddress, unauthenticated};
use mcp::limits::{Bucket, LimitStore, Taken};
use mcp::{BoxError, BoxFuture, Peer, Principal, Rate, RateLimits, Server, ServerBuilder, State};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::wire::{Over, STATEFUL, Wire, headers_of, stateless, text};

#[derive(Default)]
struct Runs(AtomicUsize);

/// Counts its calls.
#[mcp::tool]
async fn count(runs: State<Runs>) -> usize {
    runs.0.fetch_add(1, Ordering::SeqCst) + 1
}

/// Another one.
#[mcp::tool]
async fn other() -> &'static str {
    "done"
}

/// Something to read.
#[mcp::resource("limits://readme")]
async fn readme() -> &'static str {
    "hello"
}

fn builder(limits: RateLimits) -> ServerBuilder {
    mcp::server!().only(module_path!()).state(Runs::default()).rate_limits(limits)
}

/// A message to a server in this process, and what it answers.
async fn send(server: &Server, peer: &Peer, message: Value) -> Value {
    let reply = server.handle(message.to_string().as_bytes(), peer).next().await.unwrap();
    serde_json::from_slice(reply.body()).unwrap()
}

fn from(address: &str) -> Peer {
    Peer::connection().address(address.parse().unwrap())
}

fn call(tool: &str) -> Value {
    stateless(1, "tools/call", json!({"name": tool, "arguments": {}}))
}

async fn is_refused(server: &Server, peer: &Peer, tool: &str) -> bool {
    let answer = send(server, peer, call(tool)).await;
    let refused = answer["result"]["isError"] == true;
    assert_eq!(refused, answer["result"]["_meta"]["retryAfter"].is_u64(), "{answer}");
    refused
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_asks_too_often_is_told_when_to_come_back_and_nothing_is_run() {
    let server = builder(RateLimits::none().caller(Rate::per_minute(6).burst(2))).build().unwrap();
    let peer = from("192.0.2.1");
    for _ in 0..2 {
        assert!(!is_refused(&server, &peer, "count").await);
    }
    let refused = send(&server, &peer, call("count")).await;
    assert_eq!(
        text(&refused),
        "too many requests: each caller may make 6 per minute, 2 at once; it was not run (temporary: try again in 10 s)"
    );
    assert_eq!(refused["result"]["_meta"]["retryAfter"], 10);
    assert_eq!(server.state::<Runs>().unwrap().0.load(Ordering::SeqCst), 2);
    tokio::time::advance(Duration::from_secs(9)).await;
    assert!(is_refused(&server, &peer, "count").await);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(!is_refused(&server, &peer, "count").await);
}

#[tokio::test(start_paused = true)]
async fn callers_are_told_apart_by_principal_and_those_without_one_by_address() {
    let server = builder(RateLimits::none().caller(Rate::per_hour(1))).build().unwrap();
    let ada = Principal::new("https://issuer.example", "ada");
    let bob = Principal::new("https://issuer.example", "bob");
    let impostor = Principal::new("https://other.example", "ada");
    for peer in [
        from("192.0.2.1").principal(ada.clone()),
        from("192.0.2.1").principal(bob),
        from("192.0.2.1").principal(impostor),
        from("192.0.2.1"),
        from("192.0.2.2"),
        from("2001:db8:0:1::1"),
        from("2001:db8:0:2::1"),
    ] {
        assert!(!is_refused(&server, &peer, "count").await, "{peer:?}");
    }
    // The same caller from elsewhere; the same network; the same address in another dress.
    for peer in [from("192.0.2.9").principal(ada), from("2001:db8:0:1:ffff::9"), from("::ffff:192.0.2.2")] {
        assert!(is_refused(&server, &peer, "count").await, "{peer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn functions_have_limits_of_their_own_and_there_is_one_for_all() {
    let limits = RateLimits::none().function("count", Rate::per_minute(1)).global(Rate::per_hour(4));
    let server = builder(limits).build().unwrap();
    assert!(!is_refused(&server, &from("192.0.2.1"), "count").await);
    let answer = send(&server, &from("192.0.2.2"), call("count")).await;
    assert_eq!(
        text(&answer),
        "tool \"count\" is asked for too often: all callers together may ask 1 per minute; it was not run (temporary: try \
         again in 60 s)"
    );
    // What was refused took nothing of what is there for all.
    for _ in 0..3 {
        assert!(!is_refused(&server, &from("192.0.2.3"), "other").await);
    }
    let answer = send(&server, &from("192.0.2.4"), call("other")).await;
    assert_eq!(answer["result"]["_meta"]["retryAfter"], 900);
    let list = send(&server, &from("192.0.2.4"), stateless(1, "tools/list", json!({}))).await;
    assert_eq!(list["error"]["data"], json!({"retryAfter": 900}));
    assert_eq!(list["error"]["code"], -32603);
}

#[tokio::test(start_paused = true)]
async fn sessions_are_counted_by_themselves() {
    let server = builder(RateLimits::none().session(Rate::per_hour(2))).build().unwrap();
    for _ in 0..2 {
        let peer = from("192.0.2.1");
        let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": STATEFUL, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
        }});
        send(&server, &peer, hello).await;
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "other"}});
        for refused in [false, false, true] {
            let answer = send(&server, &peer, call.clone()).await;
            assert_eq!(answer["result"]["isError"] == true, refused, "{answer}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_nothing_does_not_build() {
    let wrong = builder(RateLimits::none().function("cuont", Rate::per_second(1))).build();
    assert!(wrong.unwrap_err().to_string().contains("nothing is called \"cuont\""));
}

#[test]
fn the_limits_that_hold_where_nothing_is_said_are_these() {
    let said = format!("{:?}", RateLimits::default());
    let rate = |count, burst| format!("{:?}", Rate::per_second(count).burst(burst));
    for (name, rate) in [
        ("caller", rate(1_000, 10_000)),
        ("session", rate(500, 5_000)),
        ("function", rate(5_000, 20_000)),
        ("global", rate(10_000, 50_000)),
    ] {
        assert!(said.contains(&format!("{name}: Some({rate})")), "{name}: {said}");
    }
    assert!(said.contains("keys: 100000"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn limits_hold_over_http_though_nobody_has_asked_for_them_and_not_on_a_pipe() {
    let server = mcp::server!().only(module_path!()).state(Runs::default()).build().unwrap();
    let (pipe, http) = (Peer::connection(), from("192.0.2.1"));
    for _ in 0..10_000 {
        assert!(!is_refused(&server, &http, "other").await);
    }
    assert!(is_refused(&server, &http, "other").await);
    for _ in 0..10_001 {
        assert!(!is_refused(&server, &pipe, "other").await);
    }
}

/// Sends a message to a service of HTTP, from this address and with these headers.
async fn post(
    server: &Server,
    address: &str,
    headers: &[(&str, &str)],
    message: &Value,
) -> (http::HeaderMap, u16, Value) {
    let mut request = http::Request::post("/mcp")
        .header("host", "mcp.example.com")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    for (name, value) in headers_of(message, None) {
        request = request.header(name, value);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Full::new(Bytes::from(message.to_string()))).unwrap();
    request.extensions_mut().insert(RemoteAddress(format!("{address}:999").parse().unwrap()));
    let response = server.http_service().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.headers, parts.status.as_u16(), serde_json::from_slice(&body).unwrap())
}

fn public(limits: RateLimits) -> ServerBuilder {
    builder(limits).exposure(Exposure::public(["mcp.example.com"], [""; 0], unauthenticated()))
}

#[tokio::test(start_paused = true)]
async fn over_http_what_no_model_reads_is_refused_with_429_and_retry_after() {
    let server = public(RateLimits::none().caller(Rate::per_minute(1))).build().unwrap();
    let read = stateless(1, "resources/read", json!({"uri": "limits://readme"}));
    assert_eq!(post(&server, "192.0.2.1", &[], &read).await.1, 200);
    let (headers, status, answer) = post(&server, "192.0.2.1", &[], &read).await;
    assert_eq!((status, headers["retry-after"].to_str().unwrap()), (429, "60"));
    assert_eq!(answer["error"]["data"]["retryAfter"], 60);
    let (headers, status, answer) = post(&server, "192.0.2.1", &[], &call("other")).await;
    assert_eq!((status, headers.get("retry-after"), &answer["result"]["isError"]), (200, None, &json!(true)));
    assert_eq!(post(&server, "192.0.2.2", &[], &read).await.1, 200);
}

#[tokio::test(start_paused = true)]
async fn what_a_caller_writes_into_the_forwarded_header_gives_him_no_new_bucket() {
    let server = public(RateLimits::none().caller(Rate::per_hour(1))).build().unwrap();
    let list = stateless(1, "tools/list", json!({}));
    for (nth, status) in [(1, 200), (2, 429)] {
        let forged = format!("203.0.113.{nth}");
        assert_eq!(post(&server, "192.0.2.1", &[("x-forwarded-for", &forged)], &list).await.1, status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_are_known_on_real_connections() {
    let limits = RateLimits::none().caller(Rate::per_hour(2));
    for over in [Over::Http, Over::Sse] {
        let server = builder(limits.clone()).http_sse().build().unwrap();
        let mut wire = Wire::connect_to(over, &server).await;
        let mut another = Wire::connect_to(over, &server).await;
        wire.initialize().await;
        another.initialize().await;
        for (first, refused) in [(true, false), (false, false), (false, true)] {
            let wire = if first { &mut wire } else { &mut another };
            let answer = wire.ask_in_session("c", "tools/call", json!({"name": "other"})).await;
            assert_eq!(answer["result"]["isError"] == true, refused, "{over:?}: {answer}");
        }
    }
}

/// A store that another machine would keep.
#[derive(Debug, Default)]
struct Far {
    asked: AtomicUsize,
    down: AtomicBool,
    hangs: AtomicBool,
}

#[derive(Debug, Clone, Default)]
struct Shared(Arc<Far>);

impl LimitStore for Shared {
    fn take<'a>(&'a self, buckets: &'a [Bucket<'a>]) -> BoxFuture<'a, Result<Taken, BoxError>> {
        Box::pin(async move {
            if self.0.down.load(Ordering::SeqCst) {
                return Err("connection refused".into());
            }
            if self.0.hangs.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
            let keys: Vec<_> = buckets.iter().map(|bucket| bucket.counted.to_string()).collect();
            assert_eq!(keys, [r#"principal:"i":"a\":\"b""#, "tool:count"]);
            Ok(match self.0.asked.fetch_add(1, Ordering::SeqCst) {
                0 => Taken::All,
                _ => Taken::Refused { bucket: 1, retry_after: Duration::from_millis(1500) },
            })
        })
    }
}

#[tokio::test(start_paused = true)]
async fn several_machines_count_in_one_store_and_each_for_itself_while_it_fails() {
    let store = Shared::default();
    let rate = Rate::per_hour(3);
    let limits = RateLimits::none().caller(rate).function("count", rate).store(store.clone());
    let server = builder(limits).build().unwrap();
    let peer = from("192.0.2.1").principal(Principal::new("i", "a\":\"b"));
    assert!(!is_refused(&server, &peer, "count").await);
    let refused = send(&server, &peer, call("count")).await;
    assert_eq!(refused["result"]["_meta"]["retryAfter"], 2);
    assert!(text(&refused).starts_with("tool \"count\" is asked for too often"));

    for fails in [&store.0.down, &store.0.hangs] {
        fails.store(true, Ordering::SeqCst);
    }
    for refused in [false, false, false, true] {
        assert_eq!(is_refused(&server, &peer, "count").await, refused);
    }
    store.0.down.store(false, Ordering::SeqCst);
    let begun = tokio::time::Instant::now();
    assert!(is_refused(&server, &peer, "count").await);
    assert_eq!(begun.elapsed().as_millis(), 250);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_from_many_tasks_gets_no_more_than_there_is() {
    let server = builder(RateLimits::none().caller(Rate::per_hour(100))).build().unwrap();
    let flood = (0..20).map(|_| {
        let server = server.clone();
        tokio::spawn(async move {
            for _ in 0..100 {
                is_refused(&server, &from("192.0.2.1"), "count").await;
            }
        })
    });
    for task in flood.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_eq!(server.state::<Runs>().unwrap().0.load(Ordering::SeqCst), 100);
}
