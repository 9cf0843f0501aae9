//! What is counted, and who may read it.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use mcp::http::{Exposure, unauthenticated};
use mcp::{Breaker, Peer, Rate, RateLimits, Server, Upstream, Verdict};
use serde_json::{Value, json};

use super::{MARKER, builder, call, given_up, peer, send, signing_in};
use crate::wire::{serve_http, stateless};

/// The value of a sample, as it is written before its value.
fn value(text: &str, sample: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '))?;
    Some(line.parse().unwrap())
}

#[track_caller]
fn has(text: &str, sample: &str, expected: f64) {
    assert_eq!(value(text, sample), Some(expected), "{sample} in\n{text}");
}

#[tokio::test]
async fn what_happens_is_counted_by_what_was_asked_for_and_how_it_ended() {
    let limits = RateLimits::none().function("known_as", Rate::per_hour(1));
    let server = builder()
        .metrics()
        .rate_limits(limits)
        .breaker("breaks", Breaker::new().failures(1))
        .build()
        .unwrap();
    send(&server, &peer(), &call("sum", json!({"a": 1, "b": 2}))).await;
    send(&server, &peer(), &call("sum", json!({"a": 1, "b": 2}))).await;
    send(&server, &peer(), &call("sum", json!({"a": 1}))).await;
    send(&server, &peer(), &signing_in("nobody")).await;
    send(&server, &peer(), &call("panics", json!({}))).await;
    for _ in 0..2 {
        send(&server, &peer(), &call("known_as", json!({}))).await;
        send(&server, &peer(), &call("breaks", json!({}))).await;
    }
    given_up(&server).await;
    send(&server, &peer(), &call(MARKER, json!({}))).await;
    send(&server, &peer(), &stateless(1, "resources/read", json!({"uri": format!("x://{MARKER}")}))).await;
    send(&server, &peer(), &stateless(1, "prompts/get", json!({"name": MARKER}))).await;
    send(&server, &peer(), &stateless(1, MARKER, json!({}))).await;
    send(&server, &peer(), &stateless(1, "tools/list", json!({}))).await;
    let text = server.metrics().unwrap();
    let took = |name: &str, outcome: &str| {
        format!(
            "mcp_server_operation_duration_seconds_count{{method=\"tools/call\",name=\"{name}\",outcome=\"{outcome}\"}}"
        )
    };
    has(&text, &took("sum", "ok"), 2.0);
    has(&text, &took("sum", "input"), 1.0);
    has(&text, &took("sign_in", "fatal"), 1.0);
    has(&text, &took("panics", "panicked"), 1.0);
    has(&text, &took("waits", "cancelled"), 1.0);
    has(&text, &took("known_as", "refused"), 1.0);
    has(&text, "mcp_errors_total{method=\"tools/call\",name=\"sign_in\",kind=\"fatal\"}", 1.0);
    has(&text, "mcp_argument_faults_total{tool=\"sum\",kind=\"missing\"}", 1.0);
    for kind in ["tool", "resource", "prompt", "method"] {
        has(&text, &format!("mcp_unknown_total{{kind=\"{kind}\"}}"), 1.0);
    }
    has(&text, "mcp_limits_hit_total{limit=\"rate\"}", 1.0);
    has(&text, "mcp_limits_hit_total{limit=\"breaker\"}", 1.0);
    has(&text, "mcp_breaker_state{kind=\"tool\",name=\"breaks\",state=\"open\"}", 1.0);
    has(
        &text,
        "mcp_result_bytes_total{method=\"tools/call\",name=\"known_as\"}",
        32.0 + value_of_refusal(&server),
    );
    has(&text, "mcp_in_flight", 0.0);
    has(&text, "mcp_client_requests_total{client=\"desk app\"}", 10.0);
    assert!(!text.contains(MARKER), "{text}");
    if cfg!(target_os = "linux") {
        for name in [
            "process_cpu_seconds_total",
            "process_resident_memory_bytes",
            "process_open_fds",
            "process_max_fds",
        ] {
            assert!(value(&text, name).is_some_and(|value| value > 0.0), "{name} in\n{text}");
        }
    }
}

/// The refusal of a call is read by the model too.
fn value_of_refusal(server: &Server) -> f64 {
    let text = server.metrics().unwrap();
    value(&text, "mcp_result_bytes_total{method=\"tools/call\",name=\"known_as\"}").unwrap() - 32.0
}

#[tokio::test(start_paused = true)]
async fn a_call_is_put_into_the_bucket_of_its_time() {
    /// Takes its time.
    #[mcp::tool]
    async fn takes(ms: u64) {
        tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
    }
    let server = mcp::server!().explicit().tool::<takes>().metrics().build().unwrap();
    for ms in [4, 150, 150, 3000] {
        send(&server, &peer(), &call("takes", json!({"ms": ms}))).await;
    }
    let text = server.metrics().unwrap();
    for (bound, count) in
        [("0.001", 0.0), ("0.005", 1.0), ("0.1", 1.0), ("0.2", 3.0), ("2", 3.0), ("5", 4.0), ("+Inf", 4.0)]
    {
        let labels = format!("method=\"tools/call\",name=\"takes\",outcome=\"ok\",le=\"{bound}\"");
        has(&text, &format!("mcp_server_operation_duration_seconds_bucket{{{labels}}}"), count);
    }
    let labels = "{method=\"tools/call\",name=\"takes\",outcome=\"ok\"}";
    let sum = value(&text, &format!("mcp_server_operation_duration_seconds_sum{labels}")).unwrap();
    assert!((3.3..3.4).contains(&sum), "{sum}");
}

#[tokio::test]
async fn clients_cannot_make_counts_without_end() {
    let server = builder().metrics().build().unwrap();
    for number in 0..500 {
        let info = json!({"name": format!("\"app\\\n{number}"), "version": "1"});
        let params =
            json!({"name": "sum", "arguments": {}, "_meta": {"io.modelcontextprotocol/clientInfo": info}});
        send(&server, &Peer::connection(), &stateless(1, "tools/call", params)).await;
    }
    let text = server.metrics().unwrap();
    let clients = text.lines().filter(|line| line.starts_with("mcp_client_requests_total{")).count();
    assert_eq!(clients, 34, "{text}");
    has(&text, "mcp_client_requests_total{client=\"other\"}", 468.0);
    has(&text, "mcp_client_requests_total{client=\"\\\"app\\\\0\"}", 1.0);
}

/// What is found at a URL, asked for with these headers.
async fn get(url: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let mut request = http::Request::builder().uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let client =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    let response = client.request(request.body(Full::<Bytes>::default()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn beside_the_endpoint_counts_are_there_where_the_author_asked_and_for_this_machine_only() {
    let at = |url: &str| url.replace("/mcp", "/metrics");
    let counted = at(&serve_http(&builder().metrics().build().unwrap()).await);
    let (status, text) = get(&counted, &[]).await;
    assert_eq!(status, 200);
    has(&text, "mcp_in_flight", 0.0);
    assert_eq!(get(&counted, &[("host", "evil.example")]).await.0, 403);
    assert_eq!(get(&counted, &[("origin", "https://evil.example")]).await.0, 403);
    assert_eq!(get(&at(&serve_http(&builder().build().unwrap()).await), &[]).await.0, 404);
    let exposure = Exposure::public(["127.0.0.1"], [""; 0], unauthenticated());
    let public = builder().metrics().exposure(exposure).build().unwrap();
    assert_eq!(get(&at(&serve_http(&public).await), &[]).await.0, 404);
}

#[tokio::test]
async fn counts_can_have_an_address_of_their_own() {
    let exposure = Exposure::public(["mcp.example.com"], [""; 0], unauthenticated());
    let server = builder().metrics_on("127.0.0.1:0").exposure(exposure).build().unwrap();
    let url = serve_http(&server).await;
    assert_eq!(crate::http::send(&url, "POST", &[], "").await.status, 403);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let metrics = format!("http://{}/metrics", listener.local_addr().unwrap());
    let serving = server.clone();
    tokio::spawn(async move { serving.serve_metrics_on(listener, std::future::pending()).await });
    let (status, text) = get(&metrics, &[]).await;
    assert_eq!(status, 200);
    has(&text, "mcp_http_refused_total{status=\"403\"}", 1.0);
    assert_eq!(get(&metrics, &[("host", "evil.example")]).await.0, 403);
    assert_eq!(get(&metrics.replace("/metrics", "/mcp"), &[]).await.0, 404);
    let problem = builder().metrics_on("everywhere").build().unwrap_err().to_string();
    assert!(problem.contains("\"everywhere\" is not an address"), "{problem}");
}

#[tokio::test]
async fn nothing_is_counted_unless_the_author_asks() {
    let server = builder().build().unwrap();
    let answer: Value = send(&server, &peer(), &call("sum", json!({"a": 1, "b": 2}))).await;
    assert_eq!(crate::wire::text(&answer), "3");
    assert_eq!(server.metrics(), None);
}

#[tokio::test]
async fn sessions_are_counted_while_they_are_there() {
    let server = builder().metrics().build().unwrap();
    let url = serve_http(&server).await;
    let mut wire = crate::wire::Wire::connect_to(crate::wire::Over::Http, &server).await;
    has(&server.metrics().unwrap(), "mcp_sessions", 0.0);
    wire.initialize().await;
    has(&server.metrics().unwrap(), "mcp_sessions", 1.0);
    drop(url);
}

#[tokio::test]
async fn those_whom_functions_ask_are_counted() {
    let api = Arc::new(Upstream::new("api", |_: &std::io::Error| Verdict::Failed));
    let server = builder().metrics().upstream(api.clone()).build().unwrap();
    let cx = mcp::Context::detached();
    assert!(api.call(&cx, || async { Ok::<_, std::io::Error>(1) }).await.is_ok());
    assert!(api.call(&cx, || async { Err::<u8, _>(std::io::Error::other("gone")) }).await.is_err());
    let text = server.metrics().unwrap();
    has(&text, "mcp_upstream_calls_total{upstream=\"api\"}", 2.0);
    has(&text, "mcp_upstream_failures_total{upstream=\"api\"}", 1.0);
    has(&text, "mcp_upstream_state{upstream=\"api\",state=\"closed\"}", 1.0);
    assert_eq!(server.state::<Upstream<std::io::Error>>().unwrap().name(), "api");
}
