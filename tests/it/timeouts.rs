//! How long a call may take, and what becomes of one that takes longer.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp::testing::Client;
use mcp::{Context, Peer, Server, ServerBuilder, State, ToolError};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::wire::{Over, Wire, stateless, text};

#[derive(Default)]
struct Seen {
    dropped: AtomicUsize,
    begun: AtomicBool,
    gave_up: AtomicBool,
}

struct Guard(State<Seen>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

/// Sleeps as long as it is told, and says nothing of how long it may take.
#[mcp::tool]
async fn sleep(seconds: u64, seen: State<Seen>) -> String {
    let _guard = Guard(seen);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    format!("slept {seconds} s")
}

/// May take half a second.
#[mcp::tool(timeout = "500ms")]
async fn brief(milliseconds: u64) -> &'static str {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    "done"
}

/// May take for ever.
#[mcp::tool(timeout = "none")]
async fn patient(hours: u64) -> &'static str {
    tokio::time::sleep(Duration::from_secs(hours * 3600)).await;
    "done"
}

/// Is done at once.
#[mcp::tool]
async fn quick() -> &'static str {
    "done"
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Name {
    name: String,
}

/// Works, asks, and works again.
#[mcp::tool(timeout = "10s")]
async fn asks(before: u64, after: u64, cx: Context) -> Result<String, ToolError> {
    tokio::time::sleep(Duration::from_secs(before)).await;
    let Name { name } = cx.elicit("Who?").key("who").await?;
    let left = cx.remaining();
    tokio::time::sleep(Duration::from_secs(after)).await;
    Ok(format!("{name}, {left:?}"))
}

/// Says how much time is left.
#[mcp::tool(timeout = "10s")]
async fn left(cx: Context) -> String {
    let first = cx.remaining();
    tokio::time::sleep(Duration::from_secs(4)).await;
    format!("{first:?} {:?}", cx.remaining())
}

struct Gate(Mutex<mpsc::Receiver<()>>);

/// Blocks until it is let go.
#[mcp::tool(timeout = "5s")]
fn blocks(gate: State<Gate>, seen: State<Seen>, cx: Context) -> &'static str {
    let token = cx.cancellation();
    seen.begun.store(true, Ordering::SeqCst);
    let _ = gate.0.lock().unwrap().recv();
    seen.gave_up.store(cx.is_cancelled() && token.is_cancelled(), Ordering::SeqCst);
    cx.progress(1.0);
    "done"
}

/// Becomes a task.
#[mcp::tool(task, timeout = "1s")]
async fn task(seconds: u64, cx: Context) -> String {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    format!("worked {seconds} s, {:?}", cx.remaining())
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

/// Panics when it is dropped.
#[mcp::tool(timeout = "1s")]
async fn panics_when_dropped() -> &'static str {
    let guard = PanicsWhenDropped;
    std::future::pending::<()>().await;
    std::mem::forget(guard);
    "never"
}

/// A resource that takes its time.
#[mcp::resource("slow://{seconds}", timeout = "2s")]
async fn slow_resource(seconds: u64) -> String {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    "read".into()
}

/// A prompt that takes its time.
#[mcp::prompt(timeout = "2s")]
async fn slow_prompt() -> String {
    std::future::pending().await
}

fn builder() -> ServerBuilder {
    let (_, never) = mpsc::channel();
    mcp::server!().only(module_path!()).state(Seen::default()).state(Gate(Mutex::new(never)))
}

fn server() -> Server {
    builder().build().unwrap()
}

async fn both(server: &Server) -> [Client; 2] {
    [Client::stateless(server), Client::stateful(server).await.unwrap()]
}

/// How long something took, and what came of it.
async fn timed<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let begun = Instant::now();
    let result = work.await;
    (begun.elapsed(), result)
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_says_nothing_may_take_thirty_seconds_and_is_dropped_then() {
    let server = server();
    for (nth, client) in both(&server).await.iter().enumerate() {
        let (took, slept) = timed(client.call("sleep", json!({"seconds": 29}))).await;
        assert_eq!((took.as_secs(), slept.unwrap().text()), (29, "slept 29 s".to_owned()));
        let (took, late) = timed(client.call("sleep", json!({"seconds": 31}))).await;
        let late = late.unwrap();
        assert_eq!(took.as_secs(), 30);
        assert!(late.is_error());
        assert_eq!(
            late.text(),
            "tool \"sleep\" took longer than 30 s and was given up; a part of its work may be done (temporary: trying \
             again later may work)"
        );
        assert_eq!(server.state::<Seen>().unwrap().dropped.load(Ordering::SeqCst), 2 * (nth + 1));
    }
}

#[tokio::test(start_paused = true)]
async fn the_attribute_counts_before_the_default_and_the_builder_before_both() {
    let client = Client::stateless(&server());
    let (took, late) = timed(client.call("brief", json!({"milliseconds": 501}))).await;
    assert_eq!(took.as_millis(), 500);
    assert!(late.unwrap().text().contains("took longer than 500 ms"));
    assert!(!client.call("brief", json!({"milliseconds": 499})).await.unwrap().is_error());
    let (took, done) = timed(client.call("patient", json!({"hours": 100}))).await;
    assert_eq!((took.as_secs(), done.unwrap().text()), (360_000, "done".to_owned()));

    let server = builder()
        .timeout(Duration::from_secs(3))
        .timeout_of("brief", Duration::from_secs(7))
        .timeout_of("slow_resource", Duration::MAX)
        .build()
        .unwrap();
    let client = Client::stateless(&server);
    assert_eq!(timed(client.call("sleep", json!({"seconds": 9}))).await.0.as_secs(), 3);
    assert_eq!(timed(client.call("brief", json!({"milliseconds": 9000}))).await.0.as_secs(), 7);
    assert_eq!(client.read("slow://3000").await.unwrap()[0]["text"], "read");
}

#[test]
fn a_limit_for_what_is_not_there_or_without_time_does_not_build() {
    let wrong = builder().timeout_of("slep", Duration::from_secs(1)).timeout(Duration::ZERO).build();
    let said = wrong.unwrap_err().to_string();
    assert!(said.contains("nothing is called \"slep\""), "{said}");
    assert!(said.contains("`timeout` leaves no time"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn resources_and_prompts_are_timed_too() {
    let server = server();
    for client in both(&server).await {
        assert!(client.read("slow://1").await.is_ok());
        let (took, late) = timed(client.read("slow://3")).await;
        let late = late.unwrap_err();
        assert_eq!((took.as_secs(), late.code), (2, -32603));
        assert!(late.to_string().contains("resource \"slow_resource\" took longer than 2 s"), "{late}");
        let (took, late) = timed(client.prompt("slow_prompt", json!({}))).await;
        assert_eq!(took.as_secs(), 2);
        assert!(late.unwrap_err().to_string().contains("prompt \"slow_prompt\" took longer than 2 s"));
    }
}

/// Asks for a name after so long, is answered after 1,000 s, and works on.
async fn ask(before: u64, after: u64) -> (Duration, Value) {
    let mut wire = Wire::connect_to(Over::Memory, &server()).await;
    wire.initialize_with(json!({"elicitation": {}})).await;
    let begun = Instant::now();
    let call = json!({"name": "asks", "arguments": {"before": before, "after": after}});
    wire.send(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call})).await;
    let question = wire.receive().await;
    if question["method"] != "elicitation/create" {
        return (begun.elapsed(), question);
    }
    tokio::time::sleep(Duration::from_secs(200)).await;
    wire.send(json!({"jsonrpc": "2.0", "id": question["id"], "result": {
        "action": "accept", "content": {"name": "Ada"},
    }}))
    .await;
    let answer = wire.answer(&json!(1)).await;
    (begun.elapsed(), answer)
}

#[tokio::test(start_paused = true)]
async fn the_time_that_a_client_takes_to_answer_does_not_count() {
    let (took, answer) = ask(4, 5).await;
    assert_eq!((took.as_secs(), text(&answer)), (209, "Ada, Some(6s)"), "{answer}");
    let (took, answer) = ask(4, 7).await;
    assert_eq!(took.as_secs(), 210);
    assert!(text(&answer).contains("took longer than 10 s"), "{answer}");
    let (took, answer) = ask(11, 0).await;
    assert_eq!(took.as_secs(), 10);
    assert!(text(&answer).contains("took longer than 10 s"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_function_knows_how_much_time_is_left() {
    let server = builder().timeout_of("left", Duration::MAX).build().unwrap();
    assert_eq!(Client::stateless(&server).call("left", json!({})).await.unwrap().text(), "None None");
    let client = Client::stateless(&self::server());
    assert_eq!(client.call("left", json!({})).await.unwrap().text(), "Some(10s) Some(6s)");
}

#[tokio::test(start_paused = true)]
async fn a_function_that_blocks_is_answered_for_told_so_and_keeps_its_place_until_it_ends() {
    let (let_go, gate) = mpsc::channel();
    let server = mcp::server!()
        .only(module_path!())
        .state(Seen::default())
        .state(Gate(Mutex::new(gate)))
        .build()
        .unwrap();
    let mut wire = Wire::connect_to(Over::Memory, &server).await;
    let mut call = stateless(1, "tools/call", json!({"name": "blocks", "arguments": {}}));
    call["params"]["_meta"]["progressToken"] = "p".into();
    wire.send(call).await;
    while !server.state::<Seen>().unwrap().begun.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    // The clock of the test stands still while a thread is at work.
    tokio::time::advance(Duration::from_millis(5001)).await;
    let answer = wire.answer(&json!(1)).await;
    assert!(text(&answer).contains("tool \"blocks\" took longer than 5 s"), "{answer}");
    assert_eq!(server.blocking_calls(), 1);

    let_go.send(()).unwrap();
    while server.blocking_calls() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(server.state::<Seen>().unwrap().gave_up.load(Ordering::SeqCst), "it was not told");
    wire.send(stateless(2, "tools/call", json!({"name": "quick", "arguments": {}}))).await;
    assert_eq!(text(&wire.answer(&json!(2)).await), "done");
    assert_eq!(wire.others(), Vec::<Value>::new(), "nothing is said after the answer");
}

#[tokio::test(start_paused = true)]
async fn a_task_is_not_cut_by_the_time_of_its_call() {
    let mut wire = Wire::connect_to(Over::Memory, &server()).await;
    let knowing = |id: &str, method: &str, mut params: Value| {
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
            json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
        stateless(id, method, params)
    };
    wire.send(knowing("call", "tools/call", json!({"name": "task", "arguments": {"seconds": 60}}))).await;
    let begun = wire.answer(&json!("call")).await;
    let id = begun["result"]["taskId"].as_str().unwrap_or_else(|| panic!("no task: {begun}")).to_owned();
    tokio::time::sleep(Duration::from_secs(61)).await;
    wire.send(knowing("get", "tasks/get", json!({"taskId": id}))).await;
    let task = wire.answer(&json!("get")).await;
    assert_eq!(task["result"]["status"], "completed", "{task}");
    assert_eq!(task["result"]["result"]["content"][0]["text"], "worked 60 s, None");

    // Until it is one, the time holds.
    let client = Client::stateless(&server());
    let (took, late) = timed(client.call("task", json!({"seconds": 60}))).await;
    assert_eq!(took.as_secs(), 1);
    assert!(late.unwrap().is_error());
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_what_is_given_up_ends_nothing_else() {
    let client = Client::stateless(&server());
    let broken = client.call("panics_when_dropped", json!({})).await.unwrap();
    assert!(broken.is_error() && broken.text().contains("the server failed"), "{}", broken.text());
    assert_eq!(client.call("quick", json!({})).await.unwrap().text(), "done");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_that_hang_are_all_given_up_at_once() {
    let server = server();
    let client = Arc::new(Client::stateless(&server));
    let calls = (0..1000).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.call("sleep", json!({"seconds": 100})).await.unwrap().is_error() })
    });
    let calls: Vec<_> = calls.collect();
    let begun = Instant::now();
    for call in calls {
        assert!(call.await.unwrap());
    }
    assert_eq!(begun.elapsed().as_secs(), 30);
    assert_eq!(server.state::<Seen>().unwrap().dropped.load(Ordering::SeqCst), 1000);
}

#[test]
fn a_call_that_is_ready_at_once_needs_no_clock() {
    // There is no runtime, so whoever made a timer here would panic.
    let server = server();
    let call = stateless(1, "tools/call", json!({"name": "quick", "arguments": {}})).to_string();
    let mut replies = server.handle(call.as_bytes(), &Peer::connection());
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Some(reply)) = replies.poll_reply(&mut cx) else { panic!("it is not ready") };
    let answer: Value = serde_json::from_slice(reply.body()).unwrap();
    assert_eq!(text(&answer), "done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_is_kept_on_every_transport() {
    let server = builder().timeout_of("sleep", Duration::from_millis(20)).http_sse().build().unwrap();
    for over in [Over::Memory, Over::Socket, Over::Http, Over::Sse] {
        let mut wire = Wire::connect_to(over, &server).await;
        if over == Over::Sse {
            wire.initialize().await;
            let call = json!({"name": "sleep", "arguments": {"seconds": 3600}});
            assert!(text(&wire.ask_in_session(1, "tools/call", call).await).contains("20 ms"));
            continue;
        }
        let call = json!({"name": "sleep", "arguments": {"seconds": 3600}});
        let answer = wire.ask(1, "tools/call", call).await;
        assert!(text(&answer).contains("took longer than 20 ms"), "{over:?}: {answer}");
    }
}
