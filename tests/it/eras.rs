//! Both eras at once, and what is left when somebody goes away in the middle of a question: nothing that nobody waits for.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use mcp::http::{Body, HttpService};
use mcp::{AskError, Context, Server, ServerBuilder, State, StateKey, ToolError};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tower::ServiceExt;

use crate::record::{Record, Stream};
use crate::wire::{Over, STATEFUL, Wire, example, headers_of, stateless, text};

fn capable() -> Value {
    json!({"io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}})
}

fn accept(content: Value) -> Value {
    json!({"action": "accept", "content": content})
}

fn request(id: impl Into<Value>, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})
}

fn answer_to(question: &Value, result: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": question["id"], "result": result})
}

/// Asks in a session, and gives the question.
async fn open_question(wire: &mut Wire, id: u64) -> Value {
    wire.send(request(id, "tools/call", json!({"name": ASKING}))).await;
    let question = wire.receive().await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    question
}

const ASKING: &str = "test_input_required_result_elicitation";
const WATCHED: &str = "test://watched-resource";
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

fn methods(messages: &[Value], method: &str) -> Vec<Value> {
    messages.iter().filter(|message| message["method"] == method).cloned().collect()
}

#[tokio::test]
async fn both_eras_ask_listen_and_log_in_one_process_at_once() {
    let mut wire = Wire::connect(Over::Stdio).await;
    wire.initialize_with(json!({"elicitation": {}})).await;
    let question = open_question(&mut wire, 7).await;

    // Meanwhile the other era asks, too, and is told by a retry.
    let call = json!({"name": ASKING, "_meta": capable()});
    let first = wire.ask(8, "tools/call", call.clone()).await;
    assert_eq!(first["result"]["resultType"], "input_required", "{first}");
    assert_eq!(first["result"]["inputRequests"]["user_name"]["params"]["message"], "What is your name?");

    // Both listen to one resource, and one of them to a list.
    let filter = json!({"toolsListChanged": true, "resourceSubscriptions": [WATCHED]});
    wire.send(stateless("listener", "subscriptions/listen", json!({"notifications": filter}))).await;
    let begun = wire.receive().await;
    assert_eq!(begun["params"]["_meta"][SUBSCRIPTION], "listener");
    wire.ask_in_session(9, "resources/subscribe", json!({"uri": WATCHED})).await;
    let level = wire.ask_in_session(10, "logging/setLevel", json!({"level": "error"})).await;
    assert_eq!(level["result"], json!({}));

    // One wants to read everything that its call logs; the session wants errors, and there are none.
    let mut loud = json!({"name": "test_tool_with_logging"});
    wire.send(request(11, "tools/call", loud.clone())).await;
    loud["_meta"]["io.modelcontextprotocol/logLevel"] = "debug".into();
    wire.send(stateless(12, "tools/call", loud)).await;
    wire.send(stateless(13, "tools/call", json!({"name": "touch_watched_resource"}))).await;
    for id in [11, 12, 13] {
        wire.answer(&id.into()).await;
    }

    let mut retry = call;
    retry["requestState"] = first["result"]["requestState"].clone();
    retry["inputResponses"] = json!({"user_name": accept(json!({"name": "Grace"}))});
    assert_eq!(text(&wire.ask(14, "tools/call", retry).await), "Hello, Grace!");
    wire.send(answer_to(&question, accept(json!({"name": "Ada"})))).await;
    assert_eq!(text(&wire.answer(&7.into()).await), "Hello, Ada!", "the answers were not mixed up");

    wire.ask(15, "tools/call", json!({"name": "test_trigger_tool_change"})).await;
    let mut told = wire.others();
    while methods(&told, "notifications/tools/list_changed").len() < 2 {
        told.push(wire.receive().await);
    }
    assert_eq!(methods(&told, "notifications/message").len(), 3, "{told:?}");
    for method in ["notifications/resources/updated", "notifications/tools/list_changed"] {
        let mut whose: Vec<_> =
            methods(&told, method).iter().map(|it| it["params"]["_meta"][SUBSCRIPTION].clone()).collect();
        whose.sort_by_key(Value::to_string);
        assert_eq!(whose, [json!("listener"), Value::Null], "{method}: each was told once, in his own way");
    }
    assert_eq!(told.len(), 7, "{told:?}");
}

#[tokio::test]
async fn ids_that_are_equal_do_not_meet() {
    for over in [Over::Memory, Over::Socket, Over::Stdio] {
        let mut wire = Wire::connect(over).await;
        wire.initialize_with(json!({"elicitation": {}})).await;
        let question = open_question(&mut wire, 1).await;
        let number = question["id"].as_u64().unwrap();

        // A request, a subscription and a call that is cancelled, all with the number of the server's question.
        let other = 1000 + number;
        let second = open_question(&mut wire, other).await;
        let same = second["id"].as_u64().unwrap();
        assert_ne!(same, number);
        assert!(wire.ask(same, "server/discover", json!({})).await["result"].is_object());
        let filter = json!({"notifications": {"toolsListChanged": true}});
        wire.send(stateless(same, "subscriptions/listen", filter)).await;
        assert_eq!(wire.receive().await["params"]["_meta"][SUBSCRIPTION], same);
        let cancelled =
            json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": same}});
        wire.send(cancelled).await;
        assert!(wire.ask(same, "tools/list", json!({})).await["result"].is_object(), "the id is free");

        // Nor are digits the same as their text.
        let text_id =
            json!({"jsonrpc": "2.0", "id": same.to_string(), "result": accept(json!({"name": "Eve"}))});
        wire.send(text_id).await;
        // On one connection an id that is in flight is taken, in whichever era it is.
        let taken = wire.ask(other, "tools/list", json!({})).await;
        assert_eq!(taken["error"]["code"], -32600, "{taken}");
        let free = wire.ask(other.to_string(), "tools/list", json!({})).await;
        assert!(free["result"].is_object(), "{free}");

        wire.send(answer_to(&second, accept(json!({"name": "Grace"})))).await;
        assert_eq!(text(&wire.answer(&other.into()).await), "Hello, Grace!", "over {over:?}");
        wire.send(answer_to(&question, accept(json!({"name": "Ada"})))).await;
        assert_eq!(text(&wire.answer(&1.into()).await), "Hello, Ada!", "over {over:?}");
        assert_eq!(wire.others(), Vec::<Value>::new());
    }
}

/// A server as a process in a folder of its own, and in a group of its own.
#[cfg(unix)]
struct Alone {
    child: Child,
    group: u32,
    folder: std::path::PathBuf,
    stdin: Stream<tokio::process::ChildStdin>,
    stdout: BufReader<Stream<tokio::process::ChildStdout>>,
}

#[cfg(unix)]
impl Alone {
    fn start(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("mcp-eras-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut command = Command::new(example("everything"));
        command.current_dir(&folder).env("TMPDIR", &folder).env("HOME", &folder).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let record = Record::new();
        let stdin = Stream::new(child.stdin.take().unwrap(), &record);
        let stdout = BufReader::new(Stream::new(child.stdout.take().unwrap(), &record));
        let group = child.id().unwrap();
        Self { child, group, folder, stdin, stdout }
    }

    async fn say(&mut self, message: Value) {
        self.stdin.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).await.unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Begins a session and has a question open in it, beside one of the other era; gives that answer.
    async fn ask_in_both_eras(&mut self) -> Value {
        let hello = json!({"protocolVersion": STATEFUL, "capabilities": {"elicitation": {}}, "clientInfo": {"name": "t", "version": "1"}});
        self.say(request(0, "initialize", hello)).await;
        self.hear().await;
        self.say(request(1, "tools/call", json!({"name": ASKING}))).await;
        assert_eq!(self.hear().await["method"], "elicitation/create");
        self.say(stateless(2, "tools/call", json!({"name": ASKING, "_meta": capable()}))).await;
        self.hear().await
    }

    /// Ends the input; gives how the process ended, and the rest of its output. It leaves neither files nor processes.
    async fn end(self) -> (std::process::ExitStatus, String) {
        let Self { mut child, group, folder, stdin, mut stdout } = self;
        drop(stdin);
        let mut rest = String::new();
        let reading = tokio::time::timeout(Duration::from_secs(20), stdout.read_to_string(&mut rest));
        reading.await.expect("it goes on").unwrap();
        let status = child.wait().await.unwrap();
        let left: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
        std::fs::remove_dir(&folder).unwrap();
        let alive =
            Command::new("kill").args(["-0", "--", &format!("-{group}")]).stderr(Stdio::null()).status();
        assert!(!alive.await.unwrap().success(), "a process of its group is left");
        (status, rest)
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_process_that_is_killed_while_questions_are_open_leaves_nothing() {
    let mut first = Alone::start("first");
    let asked = first.ask_in_both_eras().await;
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    first.child.start_kill().unwrap();
    let (status, rest) = first.end().await;
    assert_eq!((status.code(), rest.as_str()), (None, ""));

    // The next one has a key of its own: what it did not ask it refuses, and says what to do.
    let mut next = Alone::start("next");
    let mut retry = json!({"name": ASKING, "_meta": capable()});
    retry["requestState"] = asked["result"]["requestState"].clone();
    retry["inputResponses"] = json!({"user_name": accept(json!({"name": "Ada"}))});
    next.say(stateless(3, "tools/call", retry)).await;
    assert_eq!(next.hear().await["error"]["code"], -32602);
    next.ask_in_both_eras().await;
    let begun = std::time::Instant::now();
    let (status, rest) = next.end().await;
    assert_eq!((status.code(), rest.as_str()), (Some(0), ""));
    assert!(begun.elapsed() < Duration::from_secs(8), "nobody is there who could answer");
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Word {
    word: String,
}

/// What the tools here did.
struct Seen {
    effects: AtomicUsize,
    runs: AtomicUsize,
    /// How many run.
    running: watch::Sender<usize>,
    timed_out: AtomicUsize,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            effects: AtomicUsize::default(),
            runs: AtomicUsize::default(),
            running: watch::Sender::new(0),
            timed_out: AtomicUsize::default(),
        }
    }
}

struct Running(Arc<Seen>);

impl Running {
    fn new(seen: Arc<Seen>) -> Self {
        seen.runs.fetch_add(1, Ordering::SeqCst);
        seen.running.send_modify(|count| *count += 1);
        Self(seen)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.send_modify(|count| *count -= 1);
    }
}

/// Asks three times, and does something between.
#[mcp::tool]
async fn eras_three_rounds(cx: Context, seen: State<Seen>) -> Result<String, ToolError> {
    let _running = Running::new(seen.shared());
    let mut words = Vec::new();
    for round in ["one", "two", "three"] {
        let Word { word } = cx.elicit(format!("Word {round}?")).key(round).await?;
        let effect = async {
            seen.effects.fetch_add(1, Ordering::SeqCst);
            Ok::<_, ToolError>(word)
        };
        words.push(cx.once(round, effect).await?);
    }
    Ok(words.join(" "))
}

/// Asks once, and remembers that nobody answered.
#[mcp::tool]
async fn eras_asks_once(cx: Context, seen: State<Seen>) -> Result<String, ToolError> {
    let _running = Running::new(seen.shared());
    match cx.elicit::<Word>("Word?").key("word").await {
        Ok(Word { word }) => {
            seen.effects.fetch_add(1, Ordering::SeqCst);
            Ok(word)
        }
        Err(error) => {
            if matches!(error, AskError::TimedOut) {
                seen.timed_out.fetch_add(1, Ordering::SeqCst);
            }
            Err(error.into())
        }
    }
}

fn builder() -> ServerBuilder {
    let tools = mcp::server!().explicit().tool::<eras_three_rounds>().tool::<eras_asks_once>();
    tools.state(Seen::default())
}

fn server() -> (Server, Arc<Seen>) {
    let server = builder().build().unwrap();
    let seen = server.state::<Seen>().unwrap();
    (server, seen)
}

fn effects(seen: &Seen) -> usize {
    seen.effects.load(Ordering::SeqCst)
}

async fn runs(seen: &Seen, count: usize) {
    seen.running.subscribe().wait_for(|running| *running == count).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rounds_may_go_to_another_replica_each_time_and_what_is_done_once_is_done_once() {
    let replica = || {
        let server = builder().state_keys([StateKey::new([7; 32])]).build().unwrap();
        let seen = server.state::<Seen>().unwrap();
        (server, seen)
    };
    let ((one, seen_by_one), (other, seen_by_other)) = (replica(), replica());
    let done = || effects(&seen_by_one) + effects(&seen_by_other);
    for first in [0, 1] {
        let mut wires =
            [Wire::connect_to(Over::Http, &one).await, Wire::connect_to(Over::Http, &other).await];
        let before = done();
        let call = json!({"name": "eras_three_rounds", "_meta": capable()});
        let mut answer = wires[first].ask("begin", "tools/call", call.clone()).await;
        for (round, key) in ["one", "two", "three"].into_iter().enumerate() {
            let asked = answer["result"]["inputRequests"].as_object().unwrap_or_else(|| panic!("{answer}"));
            assert_eq!(asked.keys().collect::<Vec<_>>(), [key]);
            assert_eq!(done() - before, round, "what came before {key}");
            let mut retry = call.clone();
            retry["requestState"] = answer["result"]["requestState"].clone();
            // Only what was asked last is told: what was answered before travels in the state.
            retry["inputResponses"] = json!({key: accept(json!({"word": format!("{key}!")}))});
            answer = wires[(first + round + 1) % 2].ask(key, "tools/call", retry).await;
        }
        assert_eq!(text(&answer), "one! two! three!");
        assert_eq!(done() - before, 3);
    }
    let ran = [&seen_by_one, &seen_by_other].map(|seen| seen.runs.load(Ordering::SeqCst));
    assert_eq!(ran, [4, 4], "each had every other round");
    runs(&seen_by_one, 0).await;
    runs(&seen_by_other, 0).await;
}

#[tokio::test(start_paused = true)]
async fn of_a_stateless_client_that_goes_away_after_a_question_nothing_is_left() {
    for over in [Over::Memory, Over::Socket] {
        let (server, seen) = server();
        let begun = tokio::time::Instant::now();
        let mut wire = Wire::connect_to(over, &server).await;
        let call = json!({"name": "eras_asks_once", "_meta": capable()});
        let asked = wire.ask(1, "tools/call", call.clone()).await;
        assert_eq!(asked["result"]["resultType"], "input_required");
        assert_eq!(*seen.running.borrow(), 0, "the run has ended with its question");
        drop(wire);
        // Whoever comes back later, over another connection, is at the place where he left.
        tokio::time::advance(Duration::from_secs(200)).await;
        let mut wire = Wire::connect_to(over, &server).await;
        let mut retry = call;
        retry["requestState"] = asked["result"]["requestState"].clone();
        retry["inputResponses"] = json!({"word": accept(json!({"word": "back"}))});
        assert_eq!(text(&wire.ask(1, "tools/call", retry).await), "back");
        assert_eq!((effects(&seen), seen.timed_out.load(Ordering::SeqCst)), (1, 0));
        assert!(begun.elapsed() < Duration::from_secs(201), "nothing waited for anything");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_takes_the_calls_that_wait_for_an_answer_along() {
    for over in [Over::Memory, Over::Socket] {
        let (server, seen) = server();
        let begun = tokio::time::Instant::now();
        let mut wire = Wire::connect_to(over, &server).await;
        wire.initialize_with(json!({"elicitation": {}})).await;
        wire.send(request(1, "tools/call", json!({"name": "eras_asks_once"}))).await;
        assert_eq!(wire.receive().await["method"], "elicitation/create");
        assert_eq!(*seen.running.borrow(), 1);
        drop(wire);
        runs(&seen, 0).await;
        assert_eq!((effects(&seen), seen.timed_out.load(Ordering::SeqCst)), (0, 0), "it was dropped");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
}

/// One HTTP client without a network, so that time can be paused.
struct Local {
    service: HttpService,
    session: Option<String>,
    record: Record,
}

impl Local {
    async fn begin(server: &Server) -> Self {
        let mut local = Self { service: server.http_service(), session: None, record: Record::new() };
        let hello = json!({"protocolVersion": STATEFUL, "capabilities": {"elicitation": {}}, "clientInfo": {"name": "t", "version": "1"}});
        let begun = local.post(&request(0, "initialize", hello)).await;
        local.session = Some(begun.headers()["mcp-session-id"].to_str().unwrap().to_owned());
        let begun = begun.into_body().collect().await.unwrap().to_bytes();
        local.record.server(&begun);
        local
    }

    async fn post(&self, message: &Value) -> http::Response<Body> {
        let body = message.to_string();
        self.record.client(body.as_bytes());
        let mut request = http::Request::post("/")
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        for (name, value) in headers_of(message, self.session.as_deref()) {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        self.service.clone().oneshot(request).await.unwrap()
    }

    /// Calls the tool that asks, and gives its question and the stream that it came on.
    async fn ask(&self) -> (Value, Body) {
        let answer = self.post(&request(1, "tools/call", json!({"name": "eras_asks_once"}))).await;
        let mut body = answer.into_body();
        let mut events = String::new();
        // The first event has no message: it is the place to come back to.
        while !events.lines().any(|line| line.starts_with("data: {")) {
            let event = body.frame().await.unwrap().unwrap().into_data().unwrap();
            events.push_str(std::str::from_utf8(&event).unwrap());
        }
        let data = events
            .lines()
            .find_map(|line| line.strip_prefix("data: ").filter(|data| !data.is_empty()))
            .unwrap();
        self.record.server(data.as_bytes());
        let question: Value = serde_json::from_str(data).unwrap();
        assert_eq!(question["method"], "elicitation/create");
        (question, body)
    }
}

#[tokio::test(start_paused = true)]
async fn over_http_a_call_goes_on_without_its_stream_until_nobody_has_answered_in_time() {
    let (server, seen) = server();
    let client = Local::begin(&server).await;
    let begun = tokio::time::Instant::now();
    let (question, stream) = client.ask().await;
    drop(stream);
    // Its id is taken for as long as it goes on.
    let refused = client.post(&request(1, "ping", json!({}))).await;
    assert!(refused.status() == 200, "a ping runs nothing");
    let refused = client.post(&request(1, "tools/call", json!({"name": "eras_asks_once"}))).await;
    let refused = refused.into_body().collect().await.unwrap().to_bytes();
    assert!(std::str::from_utf8(&refused).unwrap().contains("-32600"), "{refused:?}");
    assert_eq!(*seen.running.borrow(), 1);
    runs(&seen, 0).await;
    assert_eq!(begun.elapsed().as_secs(), 300);
    assert_eq!((effects(&seen), seen.timed_out.load(Ordering::SeqCst)), (0, 1));
    // What comes now comes too late, and the session lives.
    assert_eq!(client.post(&answer_to(&question, accept(json!({"word": "late"})))).await.status(), 202);
    let (question, stream) = client.ask().await;
    assert_eq!(client.post(&answer_to(&question, accept(json!({"word": "now"})))).await.status(), 202);
    let rest = stream.collect().await.unwrap().to_bytes();
    assert!(std::str::from_utf8(&rest).unwrap().contains("now"), "{rest:?}");
    assert_eq!((effects(&seen), seen.runs.load(Ordering::SeqCst)), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn over_http_an_answer_reaches_a_call_whose_stream_is_gone_and_a_session_that_ends_takes_it_along() {
    let (server, seen) = server();
    let client = Local::begin(&server).await;
    let (question, stream) = client.ask().await;
    drop(stream);
    assert_eq!(client.post(&answer_to(&question, accept(json!({"word": "there"})))).await.status(), 202);
    runs(&seen, 0).await;
    assert_eq!(effects(&seen), 1);

    let begun = tokio::time::Instant::now();
    let (_question, stream) = client.ask().await;
    drop(stream);
    let session = client.session.as_deref().unwrap();
    let end = http::Request::delete("/").header("host", "localhost").header("mcp-session-id", session);
    let ended = client.service.clone().oneshot(end.body(Full::<Bytes>::default()).unwrap()).await.unwrap();
    assert!(ended.status().is_success(), "{}", ended.status());
    runs(&seen, 0).await;
    assert_eq!((effects(&seen), begun.elapsed().as_secs()), (1, 0));
}
