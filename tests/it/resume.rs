//! Streams of a session whose connection breaks: the client comes back, and nothing is lost or told to anybody else.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use http_body_util::{BodyExt, Full};
use mcp::http::Exposure;
use mcp::{Context, Level, Server, State, ToolError};
use serde_json::{Value, json};
use sse_stream::{Sse, SseStream};
use tokio::sync::Semaphore;

use crate::http::{Answer, Believe, until};
use crate::record::Client;
use crate::wire::{Over, STATEFUL, Wire, serve_http, stateless, text};

const PATIENCE: Duration = Duration::from_secs(10);
const REVISIONS: [&str; 3] = ["2025-03-26", "2025-06-18", STATEFUL];

/// Where calls wait until the test lets them go on, and how many there are.
#[derive(Default)]
struct Gates {
    gates: Mutex<HashMap<String, Arc<Semaphore>>>,
    under_way: AtomicUsize,
}

impl Gates {
    fn of(&self, name: &str) -> Arc<Semaphore> {
        let mut gates = self.gates.lock().unwrap();
        gates.entry(name.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(0))).clone()
    }

    fn open(&self, name: &str, times: usize) {
        self.of(name).add_permits(times);
    }

    async fn pass(&self, name: &str) {
        let gate = self.of(name);
        gate.acquire().await.unwrap().forget();
    }

    fn under_way(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
    }
}

struct UnderWay(Arc<Gates>);

impl UnderWay {
    fn enter(gates: &State<Gates>) -> Self {
        gates.under_way.fetch_add(1, Ordering::SeqCst);
        Self(gates.shared())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Says each step.
#[mcp::tool]
async fn walk(name: String, steps: u32, gates: State<Gates>, cx: Context) -> String {
    let _under_way = UnderWay::enter(&gates);
    for step in 1..=steps {
        gates.pass(&name).await;
        cx.log(Level::Info, format!("{name} {step}"));
    }
    gates.pass(&name).await;
    format!("{name} arrived")
}

/// Says much.
#[mcp::tool]
async fn chatter(messages: u32, bytes: usize, gates: State<Gates>, cx: Context) -> &'static str {
    let _under_way = UnderWay::enter(&gates);
    gates.pass("chatter").await;
    for n in 0..messages {
        cx.log(Level::Info, format!("{n} {}", "x".repeat(bytes)));
        tokio::task::yield_now().await;
    }
    "done"
}

/// Has always something to say.
#[mcp::tool]
async fn babble(gates: State<Gates>, cx: Context) -> &'static str {
    while gates.of("babble").available_permits() == 0 {
        cx.log(Level::Info, "and");
        tokio::task::yield_now().await;
    }
    "that was all"
}

/// Has a long result.
#[mcp::tool]
async fn long(bytes: usize, gates: State<Gates>, cx: Context) -> String {
    cx.log(Level::Info, "soon");
    gates.pass("long").await;
    "x".repeat(bytes)
}

/// Waits a moment.
#[mcp::tool]
async fn moment() -> &'static str {
    tokio::task::yield_now().await;
    "there"
}

/// Lets go of the connection, twice.
#[mcp::tool]
async fn film(gates: State<Gates>, cx: Context) -> &'static str {
    cx.log(Level::Info, "begun");
    cx.hang_up(Duration::from_millis(30));
    gates.pass("film").await;
    cx.log(Level::Info, "half");
    cx.hang_up(Duration::from_millis(40));
    gates.pass("film").await;
    "rendered"
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Sure {
    sure: bool,
}

/// Asks.
#[mcp::tool]
async fn ask(gates: State<Gates>, cx: Context) -> Result<String, ToolError> {
    cx.log(Level::Info, "about to ask");
    gates.pass("ask").await;
    let Sure { sure } = cx.elicit("Sure?").await?;
    Ok(format!("sure: {sure}"))
}

/// Asks, and says much while it waits.
#[mcp::tool]
async fn ask_and_chatter(gates: State<Gates>, cx: Context) -> Result<String, ToolError> {
    gates.pass("ask").await;
    let chatter = async {
        // The question is sent first.
        tokio::task::yield_now().await;
        for n in 0..150 {
            cx.log(Level::Info, format!("{n} {}", "x".repeat(50_000)));
            tokio::task::yield_now().await;
        }
        gates.open("said", 1);
    };
    let (answer, ()) = futures::future::join(cx.elicit::<Sure>("Sure?"), chatter).await;
    Ok(format!("sure: {}", answer?.sure))
}

fn server() -> Server {
    mcp::server!().only(module_path!()).state(Gates::default()).build().unwrap()
}

async fn serve() -> (String, Arc<Gates>) {
    let server = server();
    (serve_http(&server).await, server.state::<Gates>().unwrap())
}

/// A client with a session.
#[derive(Clone)]
struct Session {
    client: Client,
    url: String,
    id: String,
    revision: &'static str,
    user: &'static str,
}

/// A stream of events, as far as it is read.
struct Events {
    events: Pin<Box<dyn futures::Stream<Item = Result<Sse, sse_stream::Error>> + Send>>,
    ids: Vec<String>,
}

impl Session {
    async fn begin(url: &str, revision: &'static str) -> Self {
        Self::begin_as(url, revision, "ada").await
    }

    async fn begin_as(url: &str, revision: &'static str, user: &'static str) -> Self {
        let mut session = Self { client: Client::new(), url: url.into(), id: String::new(), revision, user };
        let capabilities = json!({"elicitation": {}});
        let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": revision, "capabilities": capabilities, "clientInfo": {"name": "test", "version": "1"},
        }});
        let answer = session.send("POST", &[], &hello).await;
        session.id = answer.headers()["mcp-session-id"].to_str().unwrap().into();
        session
    }

    async fn send(
        &self,
        method: &str,
        headers: &[(&str, &str)],
        message: &Value,
    ) -> http::Response<crate::record::Body> {
        let mut request = http::Request::builder().method(method).uri(&self.url).header("x-user", self.user);
        if !headers.iter().any(|(name, _)| *name == "accept") {
            request = request.header("accept", "application/json, text/event-stream");
        }
        if !self.id.is_empty() {
            request = request.header("mcp-session-id", &self.id);
        }
        if self.revision > "2025-06" && !self.id.is_empty() {
            request = request.header("mcp-protocol-version", self.revision);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if message.is_null() { String::new() } else { message.to_string() };
        let request = request.header("content-type", "application/json").body(Full::new(body.into()));
        let answer = self.client.request(request.unwrap());
        tokio::time::timeout(PATIENCE, answer).await.expect("no answer").unwrap()
    }

    async fn answer(&self, method: &str, headers: &[(&str, &str)], message: &Value) -> Answer {
        let (head, body) = self.send(method, headers, message).await.into_parts();
        let body = tokio::time::timeout(PATIENCE, body.collect()).await.expect("the answer does not end");
        let body = body.unwrap().to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Answer { status: head.status.as_u16(), headers: head.headers, body }
    }

    /// Calls, and does not wait for the answer to begin.
    fn calling(
        &self,
        id: u64,
        name: &str,
        arguments: Value,
    ) -> tokio::task::JoinHandle<http::Response<crate::record::Body>> {
        let (session, call) = (self.clone(), call(id, name, arguments));
        tokio::spawn(async move { session.send("POST", &[], &call).await })
    }

    async fn call(&self, id: u64, name: &str, arguments: Value) -> Events {
        Events::new(self.send("POST", &[], &call(id, name, arguments)).await)
    }

    async fn resume(&self, last: &str) -> Events {
        self.listen(Some(last)).await
    }

    /// Listens to what the server says on its own, anew or after an event.
    async fn listen(&self, last: Option<&str>) -> Events {
        let mut headers = vec![("accept", "text/event-stream")];
        headers.extend(last.map(|last| ("last-event-id", last)));
        Events::new(self.send("GET", &headers, &Value::Null).await)
    }

    /// What refuses to go on after an event.
    async fn refused(&self, last: &str) -> Answer {
        self.answer("GET", &[("accept", "text/event-stream"), ("last-event-id", last)], &Value::Null).await
    }

    async fn say(&self, message: Value) {
        assert_eq!(self.answer("POST", &[], &message).await.status, 202);
    }
}

fn call(id: u64, name: &str, arguments: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": name, "arguments": arguments}})
}

impl Events {
    fn new(answer: http::Response<crate::record::Body>) -> Self {
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { events: Box::pin(SseStream::new(answer.into_body())), ids: Vec::new() }
    }

    async fn event(&mut self) -> Option<Sse> {
        let event = tokio::time::timeout(PATIENCE, self.events.next()).await.expect("nothing came")?;
        let event = event.unwrap();
        self.ids.extend(event.id.clone());
        Some(event)
    }

    /// The next message; `None` at the end.
    async fn next(&mut self) -> Option<Value> {
        loop {
            let event = self.event().await?;
            if let Some(data) = event.data.filter(|data| !data.is_empty()) {
                assert!(event.id.is_some(), "a message without a name: {data}");
                return Some(serde_json::from_str(&data).unwrap());
            }
        }
    }

    /// What the next message logs.
    async fn log(&mut self) -> String {
        let message = self.next().await.expect("the stream ended");
        message["params"]["data"].as_str().unwrap_or_else(|| panic!("no log message: {message}")).into()
    }

    /// What else is said: of log messages what they log, of results their text.
    async fn rest(&mut self) -> Vec<String> {
        let mut rest = Vec::new();
        while let Some(message) = self.next().await {
            rest.push(match message["params"]["data"].as_str() {
                Some(logged) => logged.to_owned(),
                None => text(&message).to_owned(),
            });
        }
        rest
    }

    fn last(&self) -> &str {
        self.ids.last().expect("no event had a name")
    }
}

fn steps(name: &str, steps: u32) -> Value {
    json!({"name": name, "steps": steps})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_broke_goes_on_after_the_last_event_that_was_read() {
    let (url, gates) = serve().await;
    for revision in REVISIONS {
        let session = Session::begin(&url, revision).await;
        gates.open("a", 1);
        let mut events = session.call(1, "walk", steps("a", 4)).await;
        assert_eq!(events.log().await, "a 1");
        let last = events.last().to_owned();
        drop(events);
        // What is said to nobody waits, and what is said later comes as it is said.
        gates.open("a", 2);
        let mut again = session.resume(&last).await;
        assert_eq!([again.log().await, again.log().await], ["a 2", "a 3"]);
        gates.open("a", 1);
        assert_eq!(again.log().await, "a 4");
        gates.open("a", 1);
        assert_eq!(again.rest().await, ["a arrived"]);
        // The end may be what was lost.
        assert_eq!(session.resume(&last).await.rest().await, ["a 2", "a 3", "a 4", "a arrived"]);
        assert!(session.resume(again.last()).await.rest().await.is_empty(), "there is nothing left to say");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_replayed_is_what_was_said_on_that_stream() {
    let (url, gates) = serve().await;
    let session = Session::begin(&url, STATEFUL).await;
    gates.open("a", 1);
    gates.open("b", 1);
    let mut a = session.call(1, "walk", steps("a", 2)).await;
    let mut b = session.call(2, "walk", steps("b", 2)).await;
    assert_eq!([a.log().await, b.log().await], ["a 1", "b 1"]);
    let mut ids = [a.ids.clone(), b.ids.clone()].concat();
    drop((a, b));
    gates.open("b", 2);
    gates.open("a", 2);
    let (first, second) = (ids[1].clone(), ids[3].clone());
    let mut b = session.resume(&second).await;
    assert_eq!(b.rest().await, ["b 2", "b arrived"]);
    let mut a = session.resume(&first).await;
    assert_eq!(a.rest().await, ["a 2", "a arrived"]);
    ids.extend(a.ids);
    ids.extend(b.ids);
    let count = ids.len();
    assert!(ids.iter().all(|id| id.bytes().all(|byte| (0x21..0x7f).contains(&byte))), "{ids:?}");
    ids.sort();
    ids.dedup();
    assert_eq!((count, ids.len()), (8, 8), "no name stands for two events");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_begins_with_its_name_where_clients_know_what_that_is() {
    let (url, gates) = serve().await;
    for revision in REVISIONS {
        let session = Session::begin(&url, revision).await;
        gates.open("a", 2);
        let mut events = session.call(1, "walk", steps("a", 1)).await;
        let first = events.event().await.unwrap();
        assert!(first.id.is_some());
        if revision == STATEFUL {
            assert_eq!((first.data.as_deref(), first.event, first.retry), (Some(""), None, Some(1000)));
            let beginning = events.last().to_owned();
            drop(events);
            assert_eq!(session.resume(&beginning).await.rest().await, ["a 1", "a arrived"]);
        } else {
            assert!(first.data.is_some_and(|data| data.contains("a 1")), "{revision} takes it for a message");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_done_soon_is_one_message_and_one_that_is_not_can_be_come_back_for() {
    let (url, gates) = serve().await;
    let session = Session::begin(&url, STATEFUL).await;
    let soon = session.answer("POST", &[], &call(1, "moment", json!({}))).await;
    assert_eq!(
        (text(&soon.body), &soon.headers["content-type"]),
        ("there", &"application/json".parse().unwrap())
    );
    let mut events = session.call(2, "walk", steps("a", 0)).await;
    assert_eq!(events.event().await.unwrap().data.as_deref(), Some(""));
    drop(events.events);
    gates.open("a", 1);
    assert_eq!(session.resume(&events.ids[0]).await.rest().await, ["a arrived"]);
    // Whoever cannot read events waits for the message, which nobody else can come for; and so does whoever would take the name for a message.
    let plain = {
        let (session, call) = (session.clone(), call(3, "walk", steps("a", 1)));
        let json = [("accept", "application/json")];
        tokio::spawn(async move { session.answer("POST", &json, &call).await })
    };
    until("the call runs", || gates.under_way() == 1).await;
    assert_eq!(session.refused("3-0").await.status, 400);
    gates.open("a", 2);
    assert_eq!(text(&plain.await.unwrap().body), "a arrived");
    let session = Session::begin(&url, "2025-06-18").await;
    let waiting = session.calling(4, "walk", steps("a", 0));
    until("the call runs", || gates.under_way() == 1).await;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(!waiting.is_finished());
    gates.open("a", 1);
    assert_eq!(waiting.await.unwrap().headers()["content-type"], "application/json");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_event_of_the_session_is_refused_and_of_another_one_nothing_is_found() {
    let exposure = Exposure::public(["127.0.0.1"], [""; 0], Believe);
    let server =
        mcp::server!().only(module_path!()).state(Gates::default()).exposure(exposure).build().unwrap();
    let (url, gates) = (serve_http(&server).await, server.state::<Gates>().unwrap());
    let ada = Session::begin(&url, STATEFUL).await;
    gates.open("a", 1);
    let mut events = ada.call(1, "walk", steps("a", 1)).await;
    assert_eq!(events.log().await, "a 1");
    let last = events.last().to_owned();
    let (stream, number) = last.split_once('-').unwrap();
    for wrong in [
        "",
        "-",
        "x",
        "no-such",
        stream,
        &format!("{stream}-"),
        &format!("{stream}-99"),
        &format!("{stream}-0{number}"),
        &format!("+{last}"),
        &format!("{last}-0"),
        "77-1",
        "18446744073709551615-18446744073709551616",
    ] {
        let refused = ada.refused(wrong).await;
        assert_eq!((refused.status, refused.code()), (400, -32600), "{wrong:?}: {}", refused.body);
        assert!(refused.body.get("id").is_none());
    }
    let twice = [("accept", "text/event-stream"), ("last-event-id", &*last), ("last-event-id", &*last)];
    let refused = ada.answer("GET", &twice, &Value::Null).await;
    assert_eq!((refused.status, refused.code()), (400, -32020));

    // In another session of hers it is no event, and for anybody else there is no such session.
    let other = Session::begin(&url, STATEFUL).await;
    assert_eq!(other.refused(&last).await.status, 400);
    let eve = Session { user: "eve", ..ada.clone() };
    assert_eq!(eve.refused(&last).await.status, 404);
    let mut without = ada.clone();
    without.id = String::new();
    assert_eq!(without.refused(&last).await.status, 400);
    // None of them has taken the stream from her.
    gates.open("a", 1);
    assert_eq!(events.rest().await, ["a arrived"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_back_takes_over() {
    let (url, gates) = serve().await;
    let session = Session::begin(&url, STATEFUL).await;
    gates.open("a", 1);
    let mut first = session.call(1, "walk", steps("a", 2)).await;
    assert_eq!(first.log().await, "a 1");
    let mut second = session.resume(first.last()).await;
    assert!(first.next().await.is_none(), "the other reads now");
    drop(first);
    gates.open("a", 1);
    assert_eq!(second.log().await, "a 2");
    let mut third = session.resume(&second.ids[0]).await;
    assert!(second.next().await.is_none());
    gates.open("a", 1);
    assert_eq!(third.rest().await, ["a arrived"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_survives_its_connection() {
    let (url, gates) = serve().await;
    let session = Session::begin(&url, STATEFUL).await;
    let mut events = session.call(1, "ask", json!({})).await;
    assert_eq!(events.log().await, "about to ask");
    let last = events.last().to_owned();
    drop(events);
    gates.open("ask", 1);
    let mut again = session.resume(&last).await;
    let question = again.next().await.unwrap();
    assert_eq!(
        (&question["method"], &question["params"]["message"]),
        (&json!("elicitation/create"), &json!("Sure?"))
    );
    // It is there again for a client that lost it, and gone for one that has it.
    drop(again);
    let mut again = session.resume(&last).await;
    assert_eq!(again.next().await.unwrap(), question);
    let last = again.last().to_owned();
    drop(again);
    let answer = json!({"action": "accept", "content": {"sure": true}});
    session.say(json!({"jsonrpc": "2.0", "id": question["id"], "result": answer})).await;
    assert_eq!(session.resume(&last).await.rest().await, ["sure: true"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_lets_go_of_its_connection_and_the_client_calls_back() {
    let (url, gates) = serve().await;
    let session = Session::begin(&url, STATEFUL).await;
    let mut events = session.call(1, "film", json!({})).await;
    assert_eq!(events.log().await, "begun");
    let goodbye = events.event().await.unwrap();
    assert_eq!((goodbye.retry, goodbye.data), (Some(30), None));
    assert!(events.event().await.is_none(), "the connection is let go of");
    // A client that is back early waits, and may be let go of again.
    let mut again = session.resume(events.last()).await;
    gates.open("film", 1);
    assert_eq!(again.log().await, "half");
    assert_eq!(again.event().await.unwrap().retry, Some(40));
    assert!(again.event().await.is_none());
    gates.open("film", 1);
    assert_eq!(session.resume(again.last()).await.rest().await, ["rendered"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_lets_go_of_nobody_who_would_not_come_back() {
    let (url, gates) = serve().await;
    gates.open("film", 8);
    for revision in ["2025-03-26", "2025-06-18"] {
        let session = Session::begin(&url, revision).await;
        let mut events = session.call(1, "film", json!({})).await;
        assert_eq!(events.rest().await, ["begun", "half", "rendered"], "{revision}");
    }
    let session = Session::begin(&url, STATEFUL).await;
    let json = [("accept", "application/json")];
    let plain = session.answer("POST", &json, &call(1, "film", json!({}))).await;
    assert_eq!(text(&plain.body), "rendered");
    for over in [Over::Memory, Over::Http] {
        let server = server();
        server.state::<Gates>().unwrap().open("film", 4);
        let mut wire = Wire::connect_to(over, &server).await;
        let call = json!({"name": "film", "arguments": {}});
        assert_eq!(text(&wire.ask(1, "tools/call", call.clone()).await), "rendered");
        if over == Over::Memory {
            wire.initialize().await;
            assert_eq!(text(&wire.ask_in_session(2, "tools/call", call).await), "rendered");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_much_that_is_said_to_nobody_the_newest_and_the_result_are_kept() {
    let (url, gates) = serve().await;
    let session = Session::begin(&url, STATEFUL).await;
    let mut events = session.call(1, "chatter", json!({"messages": 300, "bytes": 50_000})).await;
    assert_eq!(events.event().await.unwrap().data.as_deref(), Some(""));
    drop(events.events);
    gates.open("chatter", 1);
    until("the call is done", || gates.under_way() == 0).await;
    let mut again = session.resume(&events.ids[0]).await;
    let said = again.rest().await;
    let bytes: usize = said.iter().map(String::len).sum();
    assert!((3 << 20..=4 << 20).contains(&bytes), "{bytes}");
    let numbers: Vec<_> = said.iter().map(|said| said.split(' ').next().unwrap()).collect();
    assert_eq!(numbers[numbers.len() - 2..], ["299", "done"]);
    assert!(numbers[0] != "0" && numbers.windows(2).all(|pair| pair[0] != pair[1]));
}

#[tokio::test]
async fn a_call_that_has_always_something_to_say_delays_nobody() {
    let (url, gates) = serve().await;
    let session = Session::begin(&url, STATEFUL).await;
    let mut events = session.call(1, "babble", json!({})).await;
    assert_eq!(events.log().await, "and");
    let last = events.last().to_owned();
    drop(events);
    let other = session.answer("POST", &[], &call(2, "moment", json!({}))).await;
    assert_eq!(text(&other.body), "there");
    gates.open("babble", 1);
    assert_eq!(session.resume(&last).await.rest().await.pop().unwrap(), "that was all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_kept_whatever_is_said_after_it() {
    let (url, gates) = serve().await;
    let session = Session::begin(&url, STATEFUL).await;
    let mut events = session.call(1, "ask_and_chatter", json!({})).await;
    assert_eq!(events.event().await.unwrap().data.as_deref(), Some(""));
    drop(events.events);
    gates.open("ask", 1);
    until("all is said", || gates.of("said").available_permits() == 1).await;
    let mut again = session.resume(&events.ids[0]).await;
    let question = again.next().await.unwrap();
    assert_eq!(question["method"], "elicitation/create");
    assert_ne!(again.log().await.split(' ').next(), Some("0"), "notices are left out");
    let answer = json!({"action": "accept", "content": {"sure": false}});
    session.say(json!({"jsonrpc": "2.0", "id": question["id"], "result": answer})).await;
    assert_eq!(again.rest().await.pop().unwrap(), "sure: false");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_is_too_long_to_be_kept_reaches_whoever_is_there() {
    let (url, gates) = serve().await;
    let session = Session::begin(&url, STATEFUL).await;
    let mut events = session.call(1, "long", json!({"bytes": 5 << 20})).await;
    assert_eq!(events.log().await, "soon");
    let last = events.last().to_owned();
    gates.open("long", 1);
    assert_eq!(events.rest().await[0].len(), 5 << 20);
    assert_eq!(session.refused(&last).await.status, 400, "it is not kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_ended_are_forgotten_oldest_first() {
    let (url, gates) = serve().await;
    let session = Session::begin(&url, STATEFUL).await;
    gates.open("still", 1);
    let mut still = session.call(0, "walk", steps("still", 1)).await;
    assert_eq!(still.log().await, "still 1");
    let mut beginnings = Vec::new();
    for n in 1..=66 {
        gates.open("a", 2);
        let mut events = session.call(n, "walk", steps("a", 1)).await;
        assert_eq!(events.rest().await, ["a 1", "a arrived"]);
        beginnings.push(events.ids[0].clone());
    }
    let mut kept = 0;
    for beginning in &beginnings {
        kept += usize::from(session.refused(beginning).await.status == 200);
    }
    assert_eq!(kept, 64);
    assert_eq!(session.refused(&beginnings[1]).await.status, 400);
    assert_eq!(session.resume(&beginnings[2]).await.rest().await, ["a 1", "a arrived"]);
    // One that has not ended is older, and is there.
    let last = still.last().to_owned();
    drop(still);
    gates.open("still", 1);
    assert_eq!(session.resume(&last).await.rest().await, ["still arrived"]);
}

#[tokio::test]
async fn streams_that_ended_are_forgotten_after_five_minutes() {
    let (url, gates) = serve().await;
    let mut session = Session::begin(&url, STATEFUL).await;
    gates.open("a", 2);
    let mut events = session.call(1, "walk", steps("a", 1)).await;
    assert_eq!(events.rest().await, ["a 1", "a arrived"]);
    for (minutes, status) in [(4, 200), (2, 400)] {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(minutes * 60)).await;
        tokio::time::resume();
        // The connection before was closed meanwhile.
        session.client = Client::new();
        assert_eq!(session.refused(&events.ids[0]).await.status, status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_session_ends_its_streams() {
    let (url, gates) = serve().await;
    let session = Session::begin(&url, STATEFUL).await;
    gates.open("a", 1);
    let mut read = session.call(1, "walk", steps("a", 2)).await;
    assert_eq!(read.log().await, "a 1");
    gates.open("b", 1);
    let mut broken = session.call(2, "walk", steps("b", 2)).await;
    assert_eq!(broken.log().await, "b 1");
    drop(broken.events);
    assert_eq!(gates.under_way(), 2);
    assert_eq!(session.answer("DELETE", &[], &Value::Null).await.status, 200);
    assert!(read.next().await.is_none());
    until("both calls are dropped", || gates.under_way() == 0).await;
    for last in [&read.ids[1], &broken.ids[1]] {
        assert_eq!(session.refused(last).await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_call_is_not_answered_whoever_comes_back() {
    let (url, gates) = serve().await;
    let session = Session::begin(&url, STATEFUL).await;
    gates.open("a", 1);
    let mut events = session.call(1, "walk", steps("a", 2)).await;
    assert_eq!(events.log().await, "a 1");
    let last = events.last().to_owned();
    drop(events);
    session
        .say(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}))
        .await;
    until("the call is dropped", || gates.under_way() == 0).await;
    assert!(session.resume(&last).await.rest().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_nobody_reads_keeps_its_place_until_it_ends() {
    let server =
        mcp::server!().only(module_path!()).state(Gates::default()).max_in_flight(1).build().unwrap();
    let (url, gates) = (serve_http(&server).await, server.state::<Gates>().unwrap());
    let session = Session::begin(&url, STATEFUL).await;
    gates.open("a", 1);
    let mut events = session.call(1, "walk", steps("a", 1)).await;
    assert_eq!(events.log().await, "a 1");
    let last = events.last().to_owned();
    drop(events);
    assert_eq!(session.answer("POST", &[], &call(2, "moment", json!({}))).await.status, 503);
    // To come back for a call takes no place of another one.
    let mut again = session.resume(&last).await;
    gates.open("a", 1);
    assert_eq!(again.rest().await, ["a arrived"]);
    let mut status = 503;
    for _ in 0..100 {
        status = session.answer("POST", &[], &call(3, "moment", json!({}))).await.status;
        if status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_to_end_waits_for_calls_that_nobody_reads_as_long_as_it_drains() {
    for finishes in [true, false] {
        let server = mcp::server!()
            .only(module_path!())
            .state(Gates::default())
            .drain(Duration::from_millis(if finishes { 20_000 } else { 100 }))
            .build()
            .unwrap();
        let gates = server.state::<Gates>().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving =
            tokio::spawn(
                async move { server.serve_http_on(listener, async move { drop(stopped.await) }).await },
            );
        let session = Session::begin(&url, STATEFUL).await;
        gates.open("a", 1);
        let mut events = session.call(1, "walk", steps("a", 1)).await;
        assert_eq!(events.log().await, "a 1");
        drop(events);
        stop.send(()).unwrap();
        if finishes {
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert!(!serving.is_finished(), "the call is under way");
            gates.open("a", 1);
        }
        tokio::time::timeout(PATIENCE, serving).await.expect("it does not end").unwrap().unwrap();
        until("the call is dropped", || gates.under_way() == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answers_to_a_batch_can_be_come_back_for() {
    let (url, gates) = serve().await;
    let session = Session::begin(&url, "2025-03-26").await;
    let batch = json!([call(1, "walk", steps("a", 1)), call(2, "walk", steps("b", 0))]);
    gates.open("a", 1);
    let mut events = Events::new(session.send("POST", &[], &batch).await);
    assert_eq!(events.log().await, "a 1");
    let last = events.last().to_owned();
    drop(events);
    gates.open("a", 1);
    gates.open("b", 1);
    let mut again = session.resume(&last).await;
    let answers = again.next().await.unwrap();
    let mut texts: Vec<_> = answers.as_array().unwrap().iter().map(text).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["a arrived", "b arrived"]);
    assert!(again.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stateless_stream_has_no_names_and_ends_with_its_connection() {
    let (url, gates) = serve().await;
    gates.open("a", 1);
    let mut call = stateless(1, "tools/call", json!({"name": "walk", "arguments": steps("a", 1)}));
    call["params"]["_meta"]["io.modelcontextprotocol/logLevel"] = "info".into();
    let mut request = http::Request::post(&url).header("content-type", "application/json");
    for (name, value) in crate::wire::headers_of(&call, None) {
        request = request.header(name, value);
    }
    let answer =
        Client::new().request(request.body(Full::new(call.to_string().into())).unwrap()).await.unwrap();
    let mut events = Events::new(answer);
    let first = events.event().await.unwrap();
    assert_eq!((first.id, first.retry), (None, None));
    assert!(first.data.unwrap().contains("a 1"));
    drop(events);
    until("the call is dropped", || gates.under_way() == 0).await;
    // Its revision has nothing to come back for.
    let headers =
        [("mcp-protocol-version", "2026-07-28"), ("accept", "text/event-stream"), ("last-event-id", "1-1")];
    assert_eq!(crate::http::send(&url, "GET", &headers, "").await.status, 405);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_was_told_to_a_connection_that_broke_is_told_again() {
    const TOOLS: &str = "notifications/tools/list_changed";
    const PROMPTS: &str = "notifications/prompts/list_changed";
    for revision in REVISIONS {
        let server = server();
        let session = Session::begin(&serve_http(&server).await, revision).await;
        let mut events = session.listen(None).await;
        let beginning = match revision {
            STATEFUL => {
                let first = events.event().await.unwrap();
                assert_eq!((first.data.as_deref(), first.retry), (Some(""), Some(1000)));
                first.id
            }
            _ => None,
        };
        server.tools_changed();
        assert_eq!(events.next().await.unwrap()["method"], TOOLS);
        let tools = events.last().to_owned();
        server.prompts_changed();
        assert_eq!(events.next().await.unwrap()["method"], PROMPTS);
        let prompts = events.last().to_owned();
        drop(events);

        // The client has read that the tools changed, and no more.
        let mut again = session.listen(Some(&tools)).await;
        assert_eq!(again.next().await.unwrap()["method"], PROMPTS, "{revision}");
        let mut latest = again.last().to_owned();
        drop(again);
        if let Some(beginning) = beginning {
            let mut again = session.listen(Some(&beginning)).await;
            let both = [again.next().await.unwrap(), again.next().await.unwrap()];
            assert_eq!(both.map(|told| told["method"].clone()), [json!(TOOLS), json!(PROMPTS)]);
            latest = again.last().to_owned();
        }
        // What arrived is not told again, and what changes again is.
        let mut again = session.listen(Some(&latest)).await;
        server.tools_changed();
        assert_eq!(again.next().await.unwrap()["method"], TOOLS);
        server.resources_changed();
        assert_eq!(again.next().await.unwrap()["method"], "notifications/resources/list_changed");
        assert!(again.ids.iter().all(|id| *id != tools && *id != prompts), "no name stands for two events");
        for wrong in ["0-99", "0", "0-x"] {
            assert_eq!(session.refused(wrong).await.status, 400, "{wrong:?}");
        }
    }
}
