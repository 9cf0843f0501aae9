//! Streamable HTTP: what stands in heads and statuses, who is let in, and what happens when somebody goes away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use http::request::Parts;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::TokioExecutor;
use mcp::http::{Authenticate, Challenge, Exposure};
use mcp::{Context, Principal, Server, State};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::record::Client;
use crate::wire::{STATEFUL, STATELESS, headers_of, serve_http, stateless, text};

pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn code(&self) -> i64 {
        self.body["error"]["code"]
            .as_i64()
            .unwrap_or_else(|| panic!("no error: {} {}", self.status, self.body))
    }
}

pub async fn send(url: &str, method: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
    let mut request = http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = Client::new().request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    }
}

/// Sends a message with the headers that go with it, changed by `change`.
pub async fn post(url: &str, message: &Value, change: &[(&str, Option<&str>)]) -> Answer {
    let mut headers: Vec<(&str, String)> = headers_of(message, None);
    headers.push(("content-type", "application/json".into()));
    for (name, value) in change {
        headers.retain(|(known, _)| known != name);
        if let Some(value) = value {
            headers.push((name, (*value).into()));
        }
    }
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    send(url, "POST", &headers, message.to_string()).await
}

/// The same with another body.
pub async fn post_raw(url: &str, message: &Value, body: String, more: &[(&str, &str)]) -> Answer {
    let mut headers: Vec<(&str, String)> = headers_of(message, None);
    headers.push(("content-type", "application/json".into()));
    headers.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    send(url, "POST", &headers, body).await
}

/// The same with a header that stands there twice.
pub async fn post_twice(url: &str, message: &Value, header: (&str, &str)) -> Answer {
    post_raw(url, message, message.to_string(), &[header, header]).await
}

async fn everything() -> String {
    serve_http(&crate::everything::server().build().unwrap()).await
}

fn add() -> Value {
    stateless(1, "tools/call", json!({"name": "add", "arguments": {"a": 2, "b": 3}}))
}

#[tokio::test]
async fn every_error_has_its_status() {
    let url = everything().await;
    let mut other = add();
    other["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "v999.0.0".into();
    let mut without = add();
    without["params"]["_meta"].as_object_mut().unwrap().remove("io.modelcontextprotocol/clientCapabilities");
    let bare = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    for (what, message, change, status, code) in [
        ("all is well", add(), vec![], 200, 0),
        ("unknown method", stateless(1, "no/such", json!({})), vec![], 404, -32601),
        ("removed method", stateless(1, "initialize", json!({})), vec![], 404, -32601),
        ("unknown tool", stateless(1, "tools/call", json!({"name": "no"})), vec![], 200, -32602),
        ("no resource", stateless(1, "resources/read", json!({"uri": "x://y"})), vec![], 200, -32602),
        ("missing _meta", bare.clone(), vec![("mcp-protocol-version", Some(STATELESS))], 400, -32602),
        ("missing capabilities", without, vec![], 400, -32602),
        ("unknown version", other.clone(), vec![], 400, -32022),
        ("versions differ", other, vec![("mcp-protocol-version", Some(STATELESS))], 400, -32020),
        ("no version header", add(), vec![("mcp-protocol-version", None)], 400, -32020),
        ("another version", add(), vec![("mcp-protocol-version", Some(STATEFUL))], 400, -32020),
        ("no method header", add(), vec![("mcp-method", None)], 400, -32020),
        ("another method", add(), vec![("mcp-method", Some("tools/list"))], 400, -32020),
        ("method in capitals", add(), vec![("mcp-method", Some("TOOLS/CALL"))], 400, -32020),
        ("no name header", add(), vec![("mcp-name", None)], 400, -32020),
        ("another name", add(), vec![("mcp-name", Some("sleep"))], 400, -32020),
        ("padded name", add(), vec![("mcp-name", Some("  add  "))], 200, 0),
        ("encoded name", add(), vec![("mcp-name", Some("=?base64?YWRk?="))], 200, 0),
        ("bad padding", add(), vec![("mcp-name", Some("=?base64?YWRkYQ?="))], 400, -32020),
        ("bad alphabet", add(), vec![("mcp-name", Some("=?base64?YW%k?="))], 400, -32020),
        ("no sentinel", add(), vec![("mcp-name", Some("=?BASE64?YWRk?="))], 400, -32020),
        (
            "unknown header version",
            bare.clone(),
            vec![("mcp-protocol-version", Some("v999.0.0"))],
            400,
            -32022,
        ),
        ("no session", bare.clone(), vec![], 400, -32600),
        ("unknown session", bare.clone(), vec![("mcp-session-id", Some("no-such"))], 404, -32600),
        ("stray session", add(), vec![("mcp-session-id", Some("no-such"))], 200, 0),
        ("a batch", json!([add()]), vec![], 400, -32600),
        ("a response", json!({"jsonrpc": "2.0", "id": 1, "result": {}}), vec![], 400, -32600),
        ("another media type", add(), vec![("content-type", Some("text/plain"))], 415, -32600),
        ("a parameter", add(), vec![("content-type", Some("Application/JSON; charset=utf-8"))], 200, 0),
        ("no media type", add(), vec![("content-type", None)], 415, -32600),
        ("an encoding", add(), vec![("content-encoding", Some("gzip"))], 415, -32600),
        ("nothing acceptable", add(), vec![("accept", Some("text/html"))], 406, -32600),
        ("a foreign page", add(), vec![("origin", Some("https://evil.example.com"))], 403, -32600),
        ("no page", add(), vec![("origin", Some("null"))], 403, -32600),
        ("a foreign host", add(), vec![("host", Some("evil.example.com"))], 403, -32600),
    ] {
        let answer = post(&url, &message, &change).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.body);
        match code {
            0 => assert_eq!(text(&answer.body), "5", "{what}"),
            code => assert_eq!(answer.code(), code, "{what}: {}", answer.body),
        }
        if status == 404 && code == -32601 {
            assert_eq!(answer.body["id"], 1, "{what}");
        }
    }
}

#[tokio::test]
async fn a_header_that_stands_twice_is_refused_even_if_both_say_the_same() {
    let url = everything().await;
    for name in ["mcp-protocol-version", "mcp-method", "mcp-name"] {
        let message = add();
        let mut headers = headers_of(&message, None);
        headers.push(("content-type", "application/json".into()));
        let twice = headers.iter().find(|(known, _)| *known == name).unwrap().clone();
        headers.push(twice);
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = send(&url, "POST", &headers, message.to_string()).await;
        assert_eq!((answer.status, answer.code()), (400, -32020), "{name}");
    }
}

#[tokio::test]
async fn other_methods_and_other_paths_are_not_there() {
    let url = everything().await;
    for method in ["PUT", "OPTIONS", "PATCH"] {
        let answer = send(&url, method, &[("accept", "text/event-stream")], "").await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.headers["allow"], "GET, POST, DELETE");
    }
    assert_eq!(send(&url.replace("/mcp", "/"), "POST", &[], "").await.status, 404);
    assert_eq!(send(&url.replace("/mcp", "/mcp/"), "POST", &[], "").await.status, 404);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_or_not_its_length_is_told() {
    let url = everything().await;
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(5 << 20));
    let answer = send(&url, "POST", &[("content-type", "application/json")], long.clone()).await;
    assert_eq!(answer.status, 413);
    // In chunks, without a length, and without an end.
    let address = url.trim_start_matches("http://").trim_end_matches("/mcp");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 20, "x".repeat(1 << 20));
    let (mut reading, mut writing) = stream.into_split();
    let writing = tokio::spawn(async move { while writing.write_all(chunk.as_bytes()).await.is_ok() {} });
    let mut answer = vec![0; 12];
    reading.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
    drop(reading);
    tokio::time::timeout(Duration::from_secs(10), writing).await.expect("the connection is closed").unwrap();
}

#[tokio::test]
async fn progress_makes_a_reply_a_stream_of_events_that_another_parser_reads() {
    let url = everything().await;
    let message = stateless(
        1,
        "tools/call",
        json!({"name": "test_tool_with_progress", "_meta": {"progressToken": "p"}}),
    );
    let mut request = http::Request::post(&url).header("content-type", "application/json");
    for (name, value) in headers_of(&message, None) {
        request = request.header(name, value);
    }
    let response =
        Client::new().request(request.body(Full::new(message.to_string().into())).unwrap()).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let events: Vec<_> = sse_stream::SseStream::new(response.into_body()).collect().await;
    let messages: Vec<Value> = events
        .into_iter()
        .map(|event| serde_json::from_str(&event.unwrap().data.unwrap()).unwrap())
        .collect();
    let kinds: Vec<_> = messages.iter().map(|message| message["method"].as_str()).collect();
    let notice = Some("notifications/progress");
    assert_eq!(kinds, [notice, notice, notice, None]);
    assert_eq!(text(&messages[3]), "done");

    // A client that takes JSON only gets the response only, and one that takes events only gets an event.
    let plain = post(&url, &message, &[("accept", Some("application/json"))]).await;
    assert_eq!(text(&plain.body), "done");
    let events = post(&url, &add(), &[("accept", Some("text/event-stream"))]).await;
    assert_eq!(
        (events.status, &events.headers["content-type"]),
        (200, &"text/event-stream".parse().unwrap())
    );
}

/// What is under way, and how each ended.
#[derive(Default)]
struct Watch {
    running: AtomicUsize,
    finished: AtomicUsize,
}

struct Running(Arc<Watch>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Waits, and is watched.
#[mcp::tool]
async fn watched(ms: u64, watch: State<Watch>) -> &'static str {
    watch.running.fetch_add(1, Ordering::SeqCst);
    let running = Running(watch.shared());
    tokio::time::sleep(Duration::from_millis(ms)).await;
    watch.finished.fetch_add(1, Ordering::SeqCst);
    drop(running);
    "waited"
}

/// Says who calls.
#[mcp::tool]
async fn who(principal: Principal, cx: Context) -> String {
    let client = cx.client().name().unwrap_or_default();
    format!("{}{client}", principal.subject().unwrap_or("nobody"))
}

/// Fails with an error that was written for the log.
#[mcp::tool]
async fn secret() -> Result<String, std::io::Error> {
    Err(std::io::Error::other("the password is hunter2"))
}

pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

fn watched_server() -> (Server, Arc<Watch>) {
    let server = mcp::server!().explicit().tool::<watched>().tool::<who>().state(Watch::default());
    let server = server.build().unwrap();
    let watch = server.state::<Watch>().unwrap();
    (server, watch)
}

async fn raw_post(url: &str, message: &Value, session: Option<&str>) -> TcpStream {
    let address = url.trim_start_matches("http://").trim_end_matches("/mcp");
    let body = message.to_string();
    let mut head = format!("POST /mcp HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n");
    for (name, value) in headers_of(message, session) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

async fn initialize(url: &str, headers: &[(&str, &str)]) -> String {
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": STATEFUL, "capabilities": {}, "clientInfo": {"name": "!", "version": "1"},
    }});
    let mut all = vec![("content-type", "application/json")];
    all.extend_from_slice(headers);
    let answer = send(url, "POST", &all, hello.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let session = answer.headers["mcp-session-id"].to_str().unwrap().to_owned();
    assert!(session.len() >= 32 && session.bytes().all(|byte| (0x21..0x7f).contains(&byte)));
    session
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stateless_client_that_goes_away_cancels_its_call() {
    let (server, watch) = watched_server();
    let url = serve_http(&server).await;
    let slow = stateless(1, "tools/call", json!({"name": "watched", "arguments": {"ms": 60_000}}));
    for half in [false, true] {
        let mut stream = raw_post(&url, &slow, None).await;
        until("the call runs", || watch.running.load(Ordering::SeqCst) == 1).await;
        if half {
            // One that closes its half only is taken to have gone too.
            stream.shutdown().await.unwrap();
        } else {
            drop(stream);
        }
        until("the call is dropped", || watch.running.load(Ordering::SeqCst) == 0).await;
    }
    assert_eq!(watch.finished.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stateful_client_that_goes_away_does_not() {
    let (server, watch) = watched_server();
    let url = serve_http(&server).await;
    let session = initialize(&url, &[]).await;
    let slow = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "watched", "arguments": {"ms": 500}}});
    let stream = raw_post(&url, &slow, Some(&session)).await;
    until("the call runs", || watch.running.load(Ordering::SeqCst) == 1).await;
    drop(stream);
    until("the call ends by itself", || watch.finished.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_for_which_there_is_no_place_is_refused_before_it_runs() {
    let server =
        mcp::server!().explicit().tool::<watched>().state(Watch::default()).max_in_flight(1).build().unwrap();
    let watch = server.state::<Watch>().unwrap();
    let url = serve_http(&server).await;
    let slow = stateless(1, "tools/call", json!({"name": "watched", "arguments": {"ms": 60_000}}));
    let stream = raw_post(&url, &slow, None).await;
    until("the call runs", || watch.running.load(Ordering::SeqCst) == 1).await;
    let refused = post(&url, &slow, &[]).await;
    assert_eq!((refused.status, refused.code(), &refused.body["id"]), (503, -32603, &json!(1)));
    assert_eq!(
        (&refused.headers["retry-after"], &refused.body["error"]["data"]["retryAfter"]),
        (&"1".parse().unwrap(), &json!(1))
    );
    assert_eq!(watch.running.load(Ordering::SeqCst), 1);
    drop(stream);
    until("the call is dropped", || watch.running.load(Ordering::SeqCst) == 0).await;
    let quick = stateless(2, "tools/call", json!({"name": "watched", "arguments": {"ms": 1}}));
    assert_eq!(text(&post(&url, &quick, &[]).await.body), "waited");
}

#[tokio::test(start_paused = true)]
async fn a_connection_on_which_no_request_comes_is_closed() {
    let url = everything().await;
    let address = url.trim_start_matches("http://").trim_end_matches("/mcp");
    for beginning in ["", "P", "PRI * HT", "POST /mcp HTTP/1.1\r\nhost:"] {
        let begun = tokio::time::Instant::now();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        // On a machine at work the system may tell the server of the connection a moment later, when nobody has anything
        // to do: the time of the server would not have begun to run, and ours would be over.
        let real = std::time::Instant::now();
        while real.elapsed() < Duration::from_millis(50) {
            tokio::task::yield_now().await;
        }
        let mut rest = Vec::new();
        // Time passes by itself while nobody has anything to do.
        let closed = tokio::time::timeout(Duration::from_secs(300), stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "{beginning:?} keeps its place");
        assert!(begun.elapsed() <= Duration::from_secs(61), "{beginning:?}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_connection_that_ends_in_its_first_letters_is_closed_at_once() {
    let url = everything().await;
    let address = url.trim_start_matches("http://").trim_end_matches("/mcp");
    // What HTTP/2 begins with is not told from what HTTP/1.1 begins with before its second letter.
    for beginning in ["", "P", "PR", "PRI * HTTP/2.0", "POST"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "{beginning:?} keeps its place");
    }
}

#[tokio::test]
async fn a_connection_too_many_waits_until_another_has_ended() {
    let server = mcp::server!().explicit().tool::<who>().max_connections(1).build().unwrap();
    let url = serve_http(&server).await;
    let address = url.trim_start_matches("http://").trim_end_matches("/mcp");
    let first = TcpStream::connect(address).await.unwrap();
    let message = stateless(1, "server/discover", json!({}));
    let mut second = std::pin::pin!(post(&url, &message, &[]));
    let waited = tokio::time::timeout(Duration::from_millis(300), &mut second).await;
    assert!(waited.is_err(), "the one place is taken");
    drop(first);
    assert_eq!(second.await.status, 200);
}

/// Believes what a header says.
pub struct Believe;

impl Authenticate for Believe {
    async fn authenticate(&self, request: &Parts) -> Result<Principal, Challenge> {
        let user = request.headers.get("x-user").and_then(|user| user.to_str().ok());
        let program = request.headers.get("x-program").and_then(|program| program.to_str().ok());
        let known = user.map(|user| Principal::new("test", user));
        known
            .map(|known| program.into_iter().fold(known, Principal::with_client))
            .ok_or_else(|| Challenge::unauthorized("Bearer realm=\"test\""))
    }
}

#[tokio::test]
async fn a_session_belongs_to_its_principal() {
    let exposure = Exposure::public(["127.0.0.1"], [""; 0], Believe);
    let server = mcp::server!().explicit().tool::<who>().tool::<secret>().exposure(exposure).build().unwrap();
    let url = serve_http(&server).await;
    let session = initialize(&url, &[("x-user", "ada")]).await;
    let call =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "who"}}).to_string();
    let as_user = |user: &'static str| {
        [("content-type", "application/json"), ("mcp-session-id", session.as_str()), ("x-user", user)]
    };
    assert_eq!(text(&send(&url, "POST", &as_user("ada"), call.clone()).await.body), "ada!");
    assert_eq!(send(&url, "POST", &as_user("eve"), call.clone()).await.status, 404);
    assert_eq!(send(&url, "DELETE", &as_user("eve"), "").await.status, 404);
    let nobody = send(&url, "POST", &as_user("ada")[..2], call.clone()).await;
    assert_eq!(
        (nobody.status, &nobody.headers["www-authenticate"]),
        (401, &"Bearer realm=\"test\"".parse().unwrap())
    );

    // What was not written for the caller does not reach him on a public server.
    let fail =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "secret"}}).to_string();
    let failed = send(&url, "POST", &as_user("ada"), fail).await;
    assert_eq!(failed.body["result"]["isError"], true);
    assert!(text(&failed.body).starts_with("internal error (number "), "{}", failed.body);

    assert_eq!(send(&url, "DELETE", &as_user("ada"), "").await.status, 200);
    assert_eq!(send(&url, "POST", &as_user("ada"), call).await.status, 404);
    assert_eq!(send(&url, "DELETE", &as_user("ada")[..1], "").await.status, 401);
}

#[tokio::test]
async fn the_table_of_sessions_is_bounded_and_the_idlest_goes() {
    let server = mcp::server!().explicit().tool::<who>().max_sessions(3).build().unwrap();
    let url = serve_http(&server).await;
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(initialize(&url, &[]).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string();
    let mut found = Vec::new();
    for session in &sessions {
        let headers = [("content-type", "application/json"), ("mcp-session-id", session.as_str())];
        found.push(send(&url, "POST", &headers, ping.clone()).await.status);
    }
    assert_eq!(found, [404, 200, 200, 200]);
}

#[tokio::test]
async fn an_idle_session_ends() {
    let server =
        mcp::server!().explicit().tool::<who>().session_idle(Duration::from_secs(2)).build().unwrap();
    let url = serve_http(&server).await;
    let session = initialize(&url, &[]).await;
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string();
    let headers = [("content-type", "application/json"), ("mcp-session-id", session.as_str())];
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(send(&url, "POST", &headers, ping.clone()).await.status, 200, "it is in use");
    }
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(send(&url, "POST", &headers, ping).await.status, 404);
}

#[tokio::test]
async fn what_a_client_says_of_itself_is_kept_and_so_it_is_bounded() {
    let url = everything().await;
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": STATEFUL, "capabilities": {}, "clientInfo": {"name": "x".repeat(5000), "version": "1"},
    }});
    let headers = [("content-type", "application/json"), ("accept", "text/event-stream")];
    let answer = send(&url, "POST", &headers, hello.to_string()).await;
    // It is served all the same, and told its session whatever it reads.
    assert_eq!((answer.status, answer.headers.contains_key("mcp-session-id")), (200, true));
}

#[tokio::test]
async fn notifications_are_taken_and_have_no_answer() {
    let url = everything().await;
    let session = initialize(&url, &[]).await;
    let headers = [("content-type", "application/json"), ("mcp-session-id", session.as_str())];
    let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
    let answer = send(&url, "POST", &headers, ready.clone()).await;
    assert_eq!((answer.status, answer.body), (202, Value::Null));
    let modern = [("content-type", "application/json"), ("mcp-protocol-version", STATELESS)];
    assert_eq!(send(&url, "POST", &modern, ready.clone()).await.status, 202);
    let mut unknown = headers.to_vec();
    unknown.push(("mcp-protocol-version", "1999-01-01"));
    assert_eq!(send(&url, "POST", &unknown, ready).await.status, 400);
    assert_eq!(send(&url, "DELETE", &unknown, "").await.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_to_end_finishes_what_is_under_way() {
    let (server, watch) = watched_server();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn({
        let server = server.clone();
        async move { server.serve_http_on(listener, async move { drop(stopped.await) }).await }
    });
    let quick = stateless(1, "tools/call", json!({"name": "watched", "arguments": {"ms": 400}}));
    let answer = tokio::spawn({
        let url = url.clone();
        async move { post(&url, &quick, &[]).await }
    });
    until("the call runs", || watch.running.load(Ordering::SeqCst) == 1).await;
    stop.send(()).unwrap();
    assert_eq!(text(&answer.await.unwrap().body), "waited");
    serving.await.unwrap().unwrap();
    assert!(TcpStream::connect(url.trim_start_matches("http://").trim_end_matches("/mcp")).await.is_err());
}

#[tokio::test]
async fn http_2_is_spoken_with_prior_knowledge() {
    let url = everything().await;
    let client = Client::of(Hyper::builder(TokioExecutor::new()).http2_only(true).build_http());
    let message = add();
    let mut request = http::Request::post(&url).header("content-type", "application/json");
    for (name, value) in headers_of(&message, None) {
        request = request.header(name, value);
    }
    let response =
        client.request(request.body(Full::new(message.to_string().into())).unwrap()).await.unwrap();
    assert_eq!(response.version(), http::Version::HTTP_2);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(text(&serde_json::from_slice(&body).unwrap()), "5");
}

#[tokio::test]
async fn an_address_that_others_can_reach_needs_a_choice() {
    let server = mcp::server!().explicit().tool::<who>().build().unwrap();
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused = server.serve_http_on(listener, std::future::pending()).await.unwrap_err().to_string();
    assert!(refused.contains("can be reached from other machines"), "{refused}");
    let wrong = Exposure::public(["not a host"], ["not an origin"], mcp::http::unauthenticated());
    let refused = mcp::server!().explicit().exposure(wrong).path("mcp").build().unwrap_err();
    assert_eq!(refused.problems().len(), 3, "{refused}");
}
