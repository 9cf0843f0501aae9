//! HTTP+SSE, the transport of the oldest clients: a stream of events, and messages that are posted to it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use mcp::http::{Body, Exposure, HttpSseService};
use mcp::{Server, ServerBuilder, State};
use serde_json::{Value, json};
use sse_stream::{Sse, SseStream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::http::{Answer, Believe, send, until};
use crate::wire::{serve_http, stateless, text};

const PATIENCE: Duration = Duration::from_secs(20);
const JSON: (&str, &str) = ("content-type", "application/json");

type Events = Pin<Box<dyn futures::Stream<Item = Result<Sse, sse_stream::Error>> + Send>>;

/// A client with an open stream.
struct Client {
    events: Events,
    /// Where messages go.
    endpoint: String,
    headers: Vec<(&'static str, &'static str)>,
}

/// The address of a server, and its path.
async fn serve(builder: ServerBuilder) -> String {
    serve_http(&builder.build().unwrap()).await.trim_end_matches("/mcp").to_owned()
}

async fn everything() -> String {
    serve(crate::everything::server()).await
}

impl Client {
    async fn open(base: &str, path: &str, headers: &[(&'static str, &'static str)]) -> Self {
        let mut request = Request::get(format!("{base}{path}")).header("accept", "text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response =
            crate::record::Client::new().request(request.body(Full::default()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self::new(base, Box::pin(SseStream::new(response.into_body())), headers).await
    }

    async fn new(base: &str, mut events: Events, headers: &[(&'static str, &'static str)]) -> Self {
        let first = tokio::time::timeout(PATIENCE, events.next()).await.unwrap().unwrap().unwrap();
        assert_eq!(first.event.as_deref(), Some("endpoint"));
        let mut headers = headers.to_vec();
        headers.push(JSON);
        Self { events, endpoint: format!("{base}{}", first.data.unwrap()), headers }
    }

    async fn post(&self, message: &Value) -> Answer {
        send(&self.endpoint, "POST", &self.headers, message.to_string()).await
    }

    async fn say(&self, message: &Value) {
        let answer = self.post(message).await;
        assert_eq!((answer.status, answer.body), (202, Value::Null));
    }

    /// The next message; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Value> {
        let wait = async {
            loop {
                let event = self.events.next().await?.unwrap();
                if let Some(data) = event.data {
                    assert_eq!(event.event.as_deref(), Some("message"));
                    return Some(serde_json::from_str(&data).unwrap());
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("nothing came")
    }

    async fn ask(&mut self, id: u64, method: &str, params: Value) -> Value {
        self.say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        let answer = self.next().await.unwrap();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    async fn initialize(&mut self, revision: &str) {
        let params = json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "old", "version": "1"}});
        let hello = self.ask(0, "initialize", params).await;
        assert_eq!(hello["result"]["protocolVersion"], revision);
        self.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    }
}

fn call(id: u64, tool: &str, arguments: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
}

#[derive(Default)]
struct Watch {
    running: AtomicUsize,
}

struct Running(Arc<Watch>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Waits for ever, and is watched.
#[mcp::tool]
async fn sse_watched(watch: State<Watch>) -> &'static str {
    watch.running.fetch_add(1, Ordering::SeqCst);
    let _running = Running(watch.shared());
    std::future::pending().await
}

/// Says very much.
#[mcp::tool]
async fn sse_megabyte() -> String {
    "x".repeat(1 << 20)
}

/// Says who calls.
#[mcp::tool]
async fn sse_who(principal: mcp::Principal) -> String {
    principal.subject().unwrap_or("nobody").to_owned()
}

fn small() -> ServerBuilder {
    mcp::server!()
        .explicit()
        .tool::<sse_watched>()
        .tool::<sse_megabyte>()
        .tool::<sse_who>()
        .state(Watch::default())
        .http_sse()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_clients_are_served() {
    let base = everything().await;
    let mut old = Client::open(&base, "/sse", &[]).await;
    assert!(old.endpoint.starts_with(&format!("{base}/messages?sessionId=")), "{}", old.endpoint);
    old.initialize("2024-11-05").await;
    let added = old.ask(1, "tools/call", json!({"name": "add", "arguments": {"a": 2, "b": 3}})).await;
    assert_eq!(text(&added), "5");
    let audio = old.ask(2, "tools/call", json!({"name": "test_audio_content"})).await;
    assert_eq!(
        audio["result"]["content"][0]["type"], "text",
        "the stream is spoken in the revision that was agreed on"
    );

    let params = json!({"name": "test_tool_with_progress", "_meta": {"progressToken": "p"}});
    old.say(&json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": params})).await;
    for done in [0, 50, 100] {
        assert_eq!(old.next().await.unwrap()["params"]["progress"], done);
    }
    assert_eq!(text(&old.next().await.unwrap()), "done");

    // A slow call delays nothing, and can be cancelled.
    old.say(&call(4, "sleep", json!({"ms": 60_000}))).await;
    assert!(old.ask(5, "ping", json!({})).await["result"].is_object());
    old.say(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 4}}))
        .await;
    old.say(&call(4, "sleep", json!({"ms": 1}))).await;
    assert_eq!(text(&old.next().await.unwrap()), "slept");

    // What cannot be read is answered on the stream too, and the era is still said by each message.
    assert_eq!(send(&old.endpoint, "POST", &old.headers, "nonsense").await.status, 202);
    let refused = old.next().await.unwrap();
    assert_eq!((&refused["error"]["code"], refused.get("id")), (&json!(-32700), Some(&Value::Null)));
    old.say(&stateless(6, "server/discover", json!({}))).await;
    assert_eq!(old.next().await.unwrap()["result"]["resultType"], "complete");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_know_nothing_of_each_other() {
    let base = everything().await;
    let mut one = Client::open(&base, "/sse", &[]).await;
    let mut other = Client::open(&base, "/sse", &[]).await;
    assert_ne!(one.endpoint, other.endpoint);
    one.initialize("2025-03-26").await;
    other.initialize("2024-11-05").await;
    let batch = json!([call(1, "add", json!({"a": 1, "b": 1})), call(2, "add", json!({"a": 2, "b": 2}))]);
    one.say(&batch).await;
    other.say(&batch).await;
    assert_eq!(one.next().await.unwrap().as_array().map(Vec::len), Some(2));
    assert_eq!(other.next().await.unwrap()["error"]["code"], -32600);
}

#[tokio::test]
async fn nothing_of_it_is_there_unless_it_was_asked_for() {
    let base = serve(mcp::server!().explicit().tool::<sse_who>()).await;
    for (method, path) in
        [("GET", "/sse"), ("POST", "/sse"), ("POST", "/messages"), ("POST", "/messages?sessionId=")]
    {
        let answer = send(&format!("{base}{path}"), method, &[JSON], "{}").await;
        assert_eq!(answer.status, 404, "{method} {path}");
    }
    // Nor is the main path changed by it.
    for base in [base, everything().await] {
        let answer = send(&format!("{base}/mcp"), "GET", &[("accept", "text/event-stream")], "").await;
        assert_eq!((answer.status, answer.code()), (400, -32600), "a session is asked for");
    }
    let server = mcp::server!().explicit().tool::<sse_who>().build().unwrap();
    assert_eq!(get(&server.http_sse_service()).await.status(), 404);
}

#[tokio::test]
async fn its_paths_can_be_chosen_and_must_be_paths() {
    let base = serve(small().http_sse_at("/old/events", "/old/post")).await;
    let mut client = Client::open(&base, "/old/events", &[]).await;
    assert!(client.endpoint.starts_with(&format!("{base}/old/post?")));
    client.initialize("2024-11-05").await;
    assert_eq!(send(&format!("{base}/sse"), "GET", &[], "").await.status, 404);
    let wrong = small().http_sse_at("sse", "/a b").build().unwrap_err();
    assert_eq!(wrong.problems().len(), 2, "{wrong}");
    assert_eq!(small().path("/sse").build().unwrap_err().problems().len(), 1);
    assert_eq!(small().http_sse_at("/one\n/two", "/three?four").build().unwrap_err().problems().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_belongs_to_its_principal() {
    let base = serve(small().exposure(Exposure::public(["127.0.0.1"], [""; 0], Believe))).await;
    assert_eq!(send(&format!("{base}/sse"), "GET", &[("accept", "text/event-stream")], "").await.status, 401);
    let mut ada = Client::open(&base, "/sse", &[("x-user", "ada")]).await;
    ada.initialize("2024-11-05").await;
    let ask = call(1, "sse_who", json!({})).to_string();
    for (headers, status) in [
        (vec![JSON, ("x-user", "eve")], 404),
        (vec![JSON], 401),
        (vec![JSON, ("x-user", "ada"), ("origin", "https://evil.example")], 403),
    ] {
        assert_eq!(send(&ada.endpoint, "POST", &headers, ask.clone()).await.status, status, "{headers:?}");
    }
    assert_eq!(text(&ada.ask(2, "tools/call", json!({"name": "sse_who"})).await), "ada");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_in_is_checked_as_on_the_main_path() {
    let base = serve(small().max_message(1000)).await;
    let (stream, accept) = (format!("{base}/sse"), ("accept", "text/event-stream"));
    for (method, headers, status) in [
        ("GET", vec![accept, ("origin", "https://evil.example")], 403),
        ("GET", vec![accept, ("host", "evil.example")], 403),
        ("GET", vec![("accept", "application/json")], 406),
        ("DELETE", vec![], 405),
        ("PUT", vec![JSON], 405),
    ] {
        assert_eq!(send(&stream, method, &headers, "").await.status, status, "{method} {headers:?}");
    }
    let mut client = Client::open(&base, "/sse", &[]).await;
    client.initialize("2024-11-05").await;
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string();
    let endpoint = client.endpoint.clone();
    for (headers, body, status) in [
        (vec![JSON, ("origin", "https://evil.example")], ping.clone(), 403),
        (vec![JSON, ("host", "evil.example")], ping.clone(), 403),
        (vec![("content-type", "text/plain")], ping.clone(), 415),
        (vec![], ping.clone(), 415),
        (vec![JSON, ("content-encoding", "gzip")], ping.clone(), 415),
        (vec![JSON], "x".repeat(1001), 413),
    ] {
        assert_eq!(send(&endpoint, "POST", &headers, body).await.status, status, "{headers:?}");
    }
    let id = endpoint.rsplit_once('=').unwrap().1;
    for path in [
        "/messages".to_owned(),
        "/messages?sessionId=".into(),
        format!("/messages?sessionId={}", "0".repeat(32)),
        format!("/messages?sessionId={id}0"),
        format!("/messages?xsessionId={id}"),
        format!("/messages?sessionId=%30{}", &id[1..]),
    ] {
        assert_eq!(send(&format!("{base}{path}"), "POST", &[JSON], ping.clone()).await.status, 404, "{path}");
    }
    // None of that came to the connection.
    client.ask(2, "ping", json!({})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_takes_its_calls_along() {
    let server = small().build().unwrap();
    let watch = server.state::<Watch>().unwrap();
    let base = serve_http(&server).await.trim_end_matches("/mcp").to_owned();
    let mut client = Client::open(&base, "/sse", &[]).await;
    client.initialize("2024-11-05").await;
    client.say(&call(1, "sse_watched", json!({}))).await;
    until("the call runs", || watch.running.load(Ordering::SeqCst) == 1).await;
    let endpoint = client.endpoint.clone();
    drop(client);
    until("the call is dropped", || watch.running.load(Ordering::SeqCst) == 0).await;
    let late = send(&endpoint, "POST", &[JSON], call(2, "sse_who", json!({})).to_string()).await;
    assert_eq!(late.status, 404, "the stream is closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_bounded_and_harms_nobody() {
    let base = serve(small()).await;
    let address = base.trim_start_matches("http://");
    let mut slow = TcpStream::connect(address).await.unwrap();
    let head = format!("GET /sse HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\n\r\n");
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut begun = Vec::new();
    while !begun.windows(2).any(|end| end == b"\n\n") {
        slow.read_buf(&mut begun).await.unwrap();
    }
    let begun = String::from_utf8(begun).unwrap();
    let endpoint = begun.split("data: ").nth(1).unwrap().lines().next().unwrap();
    let endpoint = format!("{base}{endpoint}");
    let post = |message: Value| {
        let endpoint = endpoint.clone();
        async move { send(&endpoint, "POST", &[JSON], message.to_string()).await.status }
    };
    let hello = json!({"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {}});
    assert_eq!(post(json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello})).await, 202);
    let mut taken = 0;
    while post(call(taken, "sse_megabyte", json!({}))).await == 202 {
        taken += 1;
        assert!(taken < 1000, "there is no end to it");
    }
    assert_eq!(post(call(taken, "sse_who", json!({}))).await, 503);
    let mut other = Client::open(&base, "/sse", &[]).await;
    other.initialize("2024-11-05").await;
    drop(slow);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_ends_ends_its_streams() {
    let server = small().drain(Duration::from_secs(60)).build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(async move {
        server.serve_http_on(listener, async { ended.await.unwrap() }).await.unwrap();
    });
    let mut idle = Client::open(&base, "/sse", &[]).await;
    idle.initialize("2024-11-05").await;
    end.send(()).unwrap();
    assert_eq!(idle.next().await, None);
    tokio::time::timeout(PATIENCE, serving).await.expect("it waits for something").unwrap();
}

async fn get(service: &HttpSseService) -> Response<Body> {
    let request = Request::get("/").header("host", "localhost").body(Full::<Bytes>::default()).unwrap();
    service.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn there_are_so_many_streams_at_most_and_one_that_ends_makes_room() {
    let server: Server = small().max_connections(2).build().unwrap();
    let service = server.http_sse_service();
    let first = get(&service).await;
    // It is the server whose streams are counted, however many services it has.
    let second = get(&server.http_sse_service()).await;
    assert_eq!((first.status(), second.status()), (http::StatusCode::OK, http::StatusCode::OK));
    assert_eq!(get(&service).await.status(), 503);
    drop(first);
    assert_eq!(get(&service).await.status(), 200);
    service.close();
    drop(second);
    assert_eq!(get(&service).await.status(), 503, "it was closed");
}

#[tokio::test(start_paused = true)]
async fn a_stream_on_which_nothing_is_said_is_kept_alive_by_comments() {
    let server = small().build().unwrap();
    let mut body = get(&server.http_sse_service()).await.into_body();
    let endpoint = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(endpoint.starts_with(b"event: endpoint\ndata: /messages?sessionId="));
    for _ in 0..3 {
        let before = tokio::time::Instant::now();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap().as_ref(), b":\n\n");
        assert_eq!(before.elapsed().as_secs(), 15);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_served_by_a_router_of_the_users_own() {
    let server = small().http_sse_at("/legacy/sse", "/legacy/messages").build().unwrap();
    let sse = server.http_sse_service();
    let legacy =
        axum::Router::new().route_service("/sse", sse.clone()).route_service("/messages", sse.clone());
    let router = axum::Router::new().nest("/legacy", legacy).nest_service("/mcp", server.http_service());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(async move {
        let end = async move {
            ended.await.unwrap();
            sse.close();
        };
        axum::serve(listener, router).with_graceful_shutdown(end).await.unwrap();
    });
    let mut client = Client::open(&base, "/legacy/sse", &[]).await;
    client.initialize("2024-11-05").await;
    assert_eq!(text(&client.ask(1, "tools/call", json!({"name": "sse_who"})).await), "nobody");
    end.send(()).unwrap();
    assert_eq!(client.next().await, None);
    tokio::time::timeout(PATIENCE, serving).await.expect("it waits for something").unwrap();
}
