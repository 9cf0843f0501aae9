//! What holds where nothing is said. Each of these is a promise about security: whoever changes one changes a line here, and
//! says so.
//!
//! Some are seen only where a test of its own shows them: which stands at the end.

use std::time::Duration;

use mcp::http::{Exposure, ProtectedResource, Proxies, unauthenticated};
use mcp::transport::{Frame, Lines, Transport};
use mcp::{Breaker, Bulkhead, Idempotency, Peer, RateLimits, Server, Tasks};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::http::{post, send};
use crate::wire::{STATEFUL, headers_of, serve_http, stateless, text};

/// Adds.
#[mcp::tool]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Wipes.
#[mcp::tool(destructive)]
async fn wipe(count: u8) -> u8 {
    count
}

/// Only for some.
#[mcp::tool(scopes("orders:write"))]
async fn scoped() {}

/// Ends when it is told to.
#[mcp::tool]
async fn patient() -> &'static str {
    tokio::time::sleep(Duration::from_secs(29)).await;
    "waited"
}

/// What can be read.
#[mcp::resource("defaults://x")]
async fn something() -> &'static str {
    "x"
}

fn server() -> Server {
    let server = mcp::server!().explicit().tool::<add>().tool::<wipe>().tool::<scoped>().tool::<patient>();
    server.resource::<something>().build().unwrap()
}

async fn ask(server: &Server, method: &str, params: Value) -> Value {
    let message = stateless(1, method, params).to_string();
    let reply = server.handle(message.as_bytes(), &Peer::connection()).next().await.unwrap();
    serde_json::from_slice(reply.body()).unwrap()
}

fn call(tool: &str, arguments: Value) -> Value {
    stateless(1, "tools/call", json!({"name": tool, "arguments": arguments}))
}

/// Every figure that a server is built with, as it is written.
#[test]
fn the_figures_of_a_server_are_these() {
    let shown = format!("{:?}", server());
    for (what, figure) in [
        ("a message", "message: 4194304"),
        ("calls under way", "in_flight: 16384"),
        ("the bytes of their messages", "in_flight_bytes: 67108864"),
        ("calls at the end", "drain: 2s"),
        ("an answer of a client's", "answer: 300s"),
        ("sessions", "SessionLimits { count: 10000, idle: 1800s }"),
        ("a state that a client carries", "lifetime: 300s"),
    ] {
        assert!(shown.contains(figure), "{what}: {figure} is not in {shown}");
    }
}

#[test]
fn the_figures_of_the_layers_are_these() {
    for (shown, figures) in [
        (
            format!("{:?}", RateLimits::default()),
            "RateLimits { caller: Some(Rate { count: 1000, period: 1s, burst: 10000, interval: 1000000 }), session: Some(Rate { count: 500, period: \
             1s, burst: 5000, interval: 2000000 }), function: Some(Rate { count: 5000, period: 1s, burst: 20000, interval: 200000 }), functions: {}, global: \
             Some(Rate { count: 10000, period: 1s, burst: 50000, interval: 100000 }), keys: 100000, store: None }",
        ),
        (
            format!("{:?}", Idempotency::default()),
            "Idempotency { keep: 3600s, lease: 60s, most: 100000, bytes: 67108864, store: None }",
        ),
        (format!("{:?}", Breaker::default()), "Breaker { failures: 3, within: 60s, open_for: 30s }"),
        (format!("{:?}", Bulkhead::new(4)), "Bulkhead { at_once: 4, queue: 4, wait: 5s }"),
        (format!("{:?}", Tasks::default()), "Tasks { keep: 3600s, most: 10000, .. }"),
    ] {
        assert_eq!(shown, figures);
    }
}

#[tokio::test]
async fn a_line_has_four_mebibytes_at_most_and_the_next_is_read() {
    const MOST: usize = 4 << 20;
    let text = ["x".repeat(MOST), "y".repeat(MOST + 1), "z".into()].join("\n");
    let mut lines = Lines::new(text.as_bytes(), tokio::io::sink());
    let mut found = Vec::new();
    while let Some(frame) = lines.receive().await.unwrap() {
        found.push(match frame {
            Frame::Message(line) => Ok(line.len()),
            Frame::TooLong(most) => Err(most),
        });
    }
    assert_eq!(found, [Ok(MOST), Err(MOST), Ok(1)]);
}

#[tokio::test]
async fn a_message_nests_128_levels_deep_and_has_16384_members_at_most() {
    let server = server();
    let deep = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"x":{open}{close}}}}}"#)
    };
    let wide = |members: usize| {
        let members: Vec<_> = (0..members).map(|at| format!(r#""a{at}":0"#)).collect();
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{{}}}}}"#, members.join(","))
    };
    // Beside `params` and its members there are two levels, and four members.
    for (message, taken) in
        [(deep(126), true), (deep(127), false), (wide(16_384 - 4), true), (wide(16_384 - 3), false)]
    {
        let reply = server.handle(message.as_bytes(), &Peer::connection()).next().await.unwrap();
        let answer: Value = serde_json::from_slice(reply.body()).unwrap();
        let refused = answer["error"]["code"] == -32600;
        assert_eq!(refused, !taken, "{answer}");
    }
}

#[tokio::test]
async fn a_batch_has_a_hundred_messages_at_most() {
    let server = server();
    let peer = Peer::connection();
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}});
    server.handle(hello.to_string().as_bytes(), &peer).next().await.unwrap();
    for (count, taken) in [(100, true), (101, false)] {
        let batch: Vec<_> =
            (0..count).map(|id| json!({"jsonrpc": "2.0", "id": id, "method": "ping"})).collect();
        let reply = server.handle(json!(batch).to_string().as_bytes(), &peer).next().await.unwrap();
        let answer: Value = serde_json::from_slice(reply.body()).unwrap();
        assert_eq!(answer.as_array().map(Vec::len), taken.then_some(count), "{answer}");
    }
}

#[tokio::test]
async fn only_this_machine_reaches_a_server_and_only_by_its_own_names() {
    let server = server();
    let url = serve_http(&server).await;
    let port = url.trim_end_matches("/mcp").rsplit(':').next().unwrap();
    let own = format!("localhost:{port}");
    for (host, origin, status) in [
        (own.as_str(), None, 200),
        (&own.to_uppercase(), None, 200),
        (&own, Some(format!("http://{own}")), 200),
        ("evil.example.com", None, 403),
        (&format!("evil.example.com:{port}"), None, 403),
        ("localhost", None, 403),
        (&own, Some("https://evil.example.com".into()), 403),
        (&own, Some("null".into()), 403),
        (&own, Some(format!("https://{own}")), 403),
        (&own, Some(format!("http://{own}.evil.example.com")), 403),
    ] {
        let mut change = vec![("host", Some(host))];
        change.extend(origin.as_deref().map(|origin| ("origin", Some(origin))));
        let answer = post(&url, &call("add", json!({"a": 1, "b": 2})), &change).await;
        assert_eq!(answer.status, status, "{change:?}");
    }
    for address in ["0.0.0.0:0", "[::]:0"] {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let served = server.serve_http_on(listener, std::future::ready(())).await;
        assert!(served.is_err(), "it would listen at {address}");
    }
}

#[test]
fn a_public_server_says_its_hosts_and_who_is_let_in() {
    let build = |exposure| mcp::server!().explicit().tool::<add>().exposure(exposure).build();
    assert!(build(Exposure::public([""; 0], [""; 0], unauthenticated())).is_err());
    assert!(build(Exposure::public(["*"], [""; 0], unauthenticated())).is_err());
    assert!(build(Exposure::public(["mcp.example.com"], ["*"], unauthenticated())).is_err());
    assert!(build(Exposure::public(["mcp.example.com"], ["null"], unauthenticated())).is_err());
    assert!(build(Exposure::public(["mcp.example.com"], [""; 0], unauthenticated())).is_ok());
    let behind = |proxies| Exposure::public(["mcp.example.com"], [""; 0], unauthenticated()).behind(proxies);
    assert!(build(behind(Proxies::new([""; 0]))).is_err(), "nobody is a proxy who was not named");
}

#[tokio::test]
async fn what_a_web_page_can_send_without_asking_is_no_message() {
    let url = serve_http(&server()).await;
    let add = call("add", json!({"a": 1, "b": 2}));
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", ""]
    {
        assert_eq!(post(&url, &add, &[("content-type", Some(kind))]).await.status, 415, "{kind:?}");
    }
    assert_eq!(post(&url, &add, &[("content-type", None)]).await.status, 415);
    assert_eq!(post(&url, &add, &[("content-encoding", Some("gzip"))]).await.status, 415);
    let answer = post(&url, &add, &[]).await;
    assert!(
        !answer.headers.contains_key("access-control-allow-origin"),
        "no page reads what was not meant for it"
    );
}

#[tokio::test]
async fn a_body_has_four_mebibytes_at_most() {
    let url = serve_http(&server()).await;
    let of = |bytes: usize| {
        let message = stateless(1, "server/discover", json!({"padding": ""})).to_string();
        message.replace("\"padding\":\"\"", &format!("\"padding\":\"{}\"", "x".repeat(bytes - message.len())))
    };
    let headers = headers_of(&stateless(1, "server/discover", json!({})), None);
    let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    headers.push(("content-type", "application/json"));
    assert_eq!(send(&url, "POST", &headers, of(4 << 20)).await.status, 200);
    assert_eq!(send(&url, "POST", &headers, of((4 << 20) + 1)).await.status, 413);
}

#[tokio::test(start_paused = true)]
async fn a_body_has_thirty_seconds() {
    let request =
        http::Request::post("/mcp").header("host", "localhost").header("content-type", "application/json");
    let never = http_body_util::StreamBody::new(futures::stream::pending::<
        Result<hyper::body::Frame<bytes::Bytes>, std::convert::Infallible>,
    >());
    let begun = tokio::time::Instant::now();
    let answer = server().http_service().oneshot(request.body(never).unwrap()).await.unwrap();
    assert_eq!((answer.status().as_u16(), begun.elapsed().as_secs()), (408, 30));
}

#[tokio::test]
async fn what_is_given_belongs_to_whoever_asked() {
    let server = server();
    for (method, params) in [
        ("server/discover", json!({})),
        ("tools/list", json!({})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({"uri": "defaults://x"})),
    ] {
        let answer = ask(&server, method, params).await;
        assert_eq!(answer["result"]["cacheScope"], "private", "{method}: {answer}");
    }
    let discovered = ask(&server, "server/discover", json!({})).await;
    assert_eq!(discovered["result"]["ttlMs"], 60_000, "{discovered}");
}

#[tokio::test]
async fn what_destroys_is_strict_and_what_nobody_takes_is_refused() {
    let server = server();
    let is_error = async |tool: &str, arguments: Value| {
        ask(&server, "tools/call", json!({"name": tool, "arguments": arguments})).await["result"]["isError"]
            == true
    };
    assert!(!is_error("wipe", json!({"count": 5})).await);
    assert!(is_error("wipe", json!({"count": "5"})).await, "what is only meant destroys nothing");
    assert!(!is_error("add", json!({"a": "1", "b": 2})).await);
    for tool in ["wipe", "add"] {
        assert!(is_error(tool, json!({"count": 5, "a": 1, "b": 2, "other": 1})).await, "an unknown argument");
    }
}

#[tokio::test]
async fn who_says_nothing_may_nothing_that_has_a_scope() {
    let server = server();
    let answer = ask(&server, "tools/call", json!({"name": "scoped", "arguments": {}})).await;
    assert!(answer["result"]["content"].is_null() || answer["result"]["isError"] == true, "{answer}");
    let listed = ask(&server, "tools/list", json!({})).await;
    let listed: Vec<_> = listed["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(listed, ["add", "patient", "wipe"], "nobody is shown what he may not call");
}

#[tokio::test(start_paused = true)]
async fn a_call_has_thirty_seconds() {
    let server = server();
    let begun = tokio::time::Instant::now();
    let answer = ask(&server, "tools/call", json!({"name": "patient", "arguments": {}})).await;
    assert_eq!((text(&answer), begun.elapsed().as_secs()), ("waited", 29));
}

#[tokio::test]
async fn a_session_has_an_id_of_128_bits_that_nobody_chose() {
    let url = serve_http(&server()).await;
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": STATEFUL, "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}});
    let headers =
        [("content-type", "application/json"), ("mcp-session-id", "0123456789abcdef0123456789abcdef")];
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let answer = send(&url, "POST", &headers, hello.to_string()).await;
        let Some(id) = answer.headers.get("mcp-session-id") else { continue };
        let id = id.to_str().unwrap().to_owned();
        assert!(id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{id}");
        assert!(id != headers[1].1 && seen.insert(id), "an id that somebody chose");
    }
    let fresh = send(&url, "POST", &headers[..1], hello.to_string()).await;
    assert_eq!(fresh.headers["mcp-session-id"].len(), 32);
}

#[test]
fn a_resource_is_protected_over_https_only() {
    let build = |resource: &str| {
        let tokens = mcp::auth::Jwt::new("https://login.example.com", resource);
        mcp::server!()
            .explicit()
            .tool::<add>()
            .exposure(Exposure::public(["mcp.example.com"], [""; 0], tokens))
            .build()
    };
    assert!(build("https://mcp.example.com/mcp").is_ok());
    for wrong in [
        "http://mcp.example.com/mcp",
        "mcp.example.com",
        "https://a@mcp.example.com/",
        "https://mcp.example.com/?x",
    ] {
        assert!(build(wrong).is_err(), "{wrong}");
    }
    let resource = ProtectedResource::new("https://mcp.example.com/mcp", ["https://login.example.com"]);
    assert_eq!(resource.metadata_url(), "https://mcp.example.com/.well-known/oauth-protected-resource/mcp");
}

#[test]
fn tokens_are_held_to_these_figures() {
    let shown =
        format!("{:?}", mcp::auth::Jwt::new("https://login.example.com", "https://mcp.example.com/mcp"));
    for figure in ["leeway: 30s", "max_age: 86400s", "issuer: \"https://login.example.com\""] {
        assert!(shown.contains(figure), "{figure} is not in {shown}");
    }
}

/// Defaults that have a test of their own elsewhere, which breaks when they change.
#[test]
fn the_other_defaults_have_tests_of_their_own() {
    for (source, test) in [
        (include_str!("limits.rs"), "the_limits_that_hold_where_nothing_is_said_are_these"),
        (include_str!("timeouts.rs"), "a_tool_that_says_nothing_may_take_thirty_seconds_and_is_dropped_then"),
        (include_str!("bulkheads.rs"), "where_nothing_is_said_a_result_has_sixteen_mebibytes_at_most"),
        (include_str!("auth/api_keys.rs"), "an_old_key_is_good_for_the_grace_period_and_no_longer"),
        (include_str!("live.rs"), "subscriptions_have_a_limit_and_those_that_are_dropped_do_not_count"),
        (include_str!("http.rs"), "a_connection_on_which_no_request_comes_is_closed"),
        (include_str!("auth.rs"), "keys_are_fetched_as_often_as_is_said_where_nothing_else_was_said"),
        (include_str!("auth.rs"), "keys_are_good_while_the_issuer_cannot_be_reached_and_not_for_ever"),
        (
            include_str!("../../mcp-runtime/src/transport/http/settings.rs"),
            "what_holds_where_nothing_is_said_is_this",
        ),
        (include_str!("http.rs"), "an_address_that_others_can_reach_needs_a_choice"),
        (
            include_str!("hostile.rs"),
            "noise_is_answered_once_a_second_so_that_two_peers_do_not_talk_for_ever",
        ),
    ] {
        assert!(
            source.contains(&format!("fn {test}()")),
            "{test} is gone: which test holds the default now?"
        );
    }
}
