//! How many calls of a function run at once, and how long arguments and results may be.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use mcp::testing::{CallResult, Client};
use mcp::{Bulkhead, Server, ServerBuilder, State};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::Instant;

#[derive(Default)]
struct Load {
    now: AtomicUsize,
    most: AtomicUsize,
    runs: AtomicUsize,
}

struct Entered(State<Load>);

impl Entered {
    fn new(load: State<Load>) -> Self {
        let now = load.now.fetch_add(1, Ordering::SeqCst) + 1;
        load.most.fetch_max(now, Ordering::SeqCst);
        load.runs.fetch_add(1, Ordering::SeqCst);
        Self(load)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Works for a while.
#[mcp::tool(concurrency = 2)]
async fn work(seconds: u64, load: State<Load>) -> &'static str {
    let _entered = Entered::new(load);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    "done"
}

/// Panics.
#[mcp::tool(concurrency = 1)]
async fn panics() -> &'static str {
    panic!("told to")
}

/// A resource of which one is read at a time.
#[mcp::resource("bulkheads://{seconds}", concurrency = 1)]
async fn one_at_a_time(seconds: u64) -> String {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    "read".into()
}

struct Gate(Mutex<mpsc::Receiver<()>>);

/// Blocks until it is let go.
#[mcp::tool(concurrency = 1, timeout = "1s")]
fn blocks(gate: State<Gate>) -> &'static str {
    let _ = gate.0.lock().unwrap().recv();
    "done"
}

/// Becomes a task.
#[mcp::tool(task, concurrency = 1)]
async fn task() -> &'static str {
    tokio::time::sleep(Duration::from_secs(60)).await;
    "done"
}

/// Repeats what it is told.
#[mcp::tool]
async fn repeat(what: String, times: usize) -> String {
    what.repeat(times)
}

/// Reads much.
#[mcp::resource("bulkheads://bytes/{count}")]
async fn bytes(count: usize) -> Vec<u8> {
    vec![7; count]
}

fn builder() -> ServerBuilder {
    let (_, gate) = mpsc::channel();
    mcp::server!().only(module_path!()).state(Load::default()).state(Gate(Mutex::new(gate)))
}

fn start(server: &Server, seconds: u64) -> JoinHandle<CallResult> {
    let client = Client::stateless(server);
    tokio::spawn(async move { client.call("work", json!({"seconds": seconds})).await.unwrap() })
}

#[tokio::test(start_paused = true)]
async fn so_many_run_so_many_wait_and_the_rest_is_sent_away_at_once() {
    let server = builder().build().unwrap();
    let calls: Vec<_> = (0..5).map(|_| start(&server, 3)).collect();
    let begun = Instant::now();
    let mut answers = Vec::new();
    for call in calls {
        let answer = call.await.unwrap();
        answers.push((begun.elapsed().as_secs(), answer));
    }
    let last = answers.pop().unwrap().1;
    assert_eq!(
        answers.iter().map(|(at, answer)| (*at, answer.is_error())).collect::<Vec<_>>(),
        [(3, false), (3, false), (6, false), (6, false)]
    );
    assert_eq!(
        last.text(),
        "tool \"work\" is at work for others (2 at once); it was not run (temporary: try again in 5 s)"
    );
    assert_eq!(last.raw()["_meta"]["retryAfter"], 5);
    let load = server.state::<Load>().unwrap();
    assert_eq!((load.most.load(Ordering::SeqCst), load.runs.load(Ordering::SeqCst)), (2, 4));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_place_longer_than_was_said_and_waiting_is_not_working() {
    let bulkhead = Bulkhead::new(1).queue(1).wait(Duration::from_secs(40));
    let server = builder().bulkhead("work", bulkhead).build().unwrap();
    let (first, second) = (start(&server, 29), start(&server, 29));
    tokio::task::yield_now().await;
    let begun = Instant::now();
    assert!(!first.await.unwrap().is_error());
    assert!(!second.await.unwrap().is_error(), "its 30 seconds began when it did");
    assert_eq!(begun.elapsed().as_secs(), 58);

    let bulkhead = Bulkhead::new(1).queue(9).wait(Duration::from_secs(2));
    let server = builder().bulkhead("work", bulkhead).build().unwrap();
    let (_first, second) = (start(&server, 29), start(&server, 29));
    let begun = Instant::now();
    assert!(second.await.unwrap().is_error());
    assert_eq!(begun.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cancelled_while_it_waits_or_works_gives_its_place_back() {
    let bulkhead = Bulkhead::new(1).queue(1).wait(Duration::from_secs(100));
    let server = builder().bulkhead("work", bulkhead).build().unwrap();
    for _ in 0..100 {
        let (working, waiting) = (start(&server, 1000), start(&server, 1000));
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(start(&server, 0).await.unwrap().is_error(), "there is no place in the queue");
        waiting.abort();
        working.abort();
        let _ = (working.await, waiting.await);
    }
    assert!(!start(&server, 0).await.unwrap().is_error());
}

#[tokio::test(start_paused = true)]
async fn a_panic_gives_its_place_back() {
    let client = Client::stateless(&builder().bulkhead("panics", Bulkhead::new(1).queue(0)).build().unwrap());
    for _ in 0..10 {
        let panicked = client.call("panics", json!({})).await.unwrap();
        assert!(panicked.text().contains("the server failed"), "{}", panicked.text());
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_blocks_keeps_its_place_after_its_answer() {
    let (let_go, gate) = mpsc::channel();
    let bulkhead = Bulkhead::new(1).queue(0);
    let server = mcp::server!()
        .only(module_path!())
        .state(Load::default())
        .state(Gate(Mutex::new(gate)))
        .bulkhead("blocks", bulkhead)
        .build()
        .unwrap();
    let client = Arc::new(Client::stateless(&server));
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.call("blocks", json!({})).await.unwrap() }
    });
    while server.blocking_calls() == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::advance(Duration::from_millis(1001)).await;
    assert!(first.await.unwrap().text().contains("took longer than 1 s"));
    for _ in 0..3 {
        let refused = client.call("blocks", json!({})).await.unwrap();
        assert!(refused.text().contains("is at work for others"), "{}", refused.text());
    }
    let_go.send(()).unwrap();
    while server.blocking_calls() > 0 {
        tokio::task::yield_now().await;
    }
    let_go.send(()).unwrap();
    // The place is given back by the thread, just after it has stopped being counted.
    loop {
        let answer = client.call("blocks", json!({})).await.unwrap();
        if answer.text() == "done" {
            break;
        }
        assert!(answer.text().contains("is at work for others"), "{}", answer.text());
        std::thread::yield_now();
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_keeps_the_place_of_its_call() {
    let server = builder().bulkhead("task", Bulkhead::new(1).queue(0)).build().unwrap();
    let client = Client::stateless(&server);
    // Without tasks of his own he gets a link after 20 seconds.
    assert!(client.call("task", json!({})).await.unwrap().text().contains("is still at work"));
    assert!(client.call("task", json!({})).await.unwrap().text().contains("is at work for others"));
    tokio::time::sleep(Duration::from_secs(41)).await;
    assert!(client.call("task", json!({})).await.unwrap().text().contains("is still at work"));
}

#[tokio::test(start_paused = true)]
async fn resources_have_places_too() {
    let server = builder().bulkhead("one_at_a_time", Bulkhead::new(1).queue(0)).build().unwrap();
    let (one, other) = (Client::stateless(&server), Client::stateless(&server));
    let (read, refused) = tokio::join!(one.read("bulkheads://3"), other.read("bulkheads://3"));
    assert!(read.is_ok());
    let refused = refused.unwrap_err();
    assert_eq!((refused.code, &refused.data.unwrap()["retryAfter"]), (-32603, &json!(5)));
    assert!(
        refused.message.contains("resource \"one_at_a_time\" is at work for others"),
        "{}",
        refused.message
    );
}

#[tokio::test]
async fn a_bulkhead_of_nothing_does_not_build() {
    let wrong = builder().bulkhead("wrok", Bulkhead::new(1)).build();
    assert!(wrong.unwrap_err().to_string().contains("nothing is called \"wrok\""));
}

#[tokio::test]
async fn arguments_and_results_that_are_too_long_are_refused_in_words() {
    let server = builder().max_arguments(100).max_result(1000).build().unwrap();
    for client in [Client::stateless(&server), Client::stateful(&server).await.unwrap()] {
        let fits = client.call("repeat", json!({"what": "x".repeat(50), "times": 20})).await.unwrap();
        assert_eq!(fits.text().len(), 1000);
        let long = client.call("repeat", json!({"what": "x".repeat(50), "times": 21})).await.unwrap();
        assert!(long.is_error());
        assert_eq!(
            long.text(),
            "the result of tool \"repeat\" has 1050 bytes, and may have 1000: ask for less at once (trying again will not \
             help)"
        );
        let given = client.call("repeat", json!({"what": "x".repeat(100), "times": 1})).await.unwrap();
        assert!(given.is_error());
        let said = given.text();
        assert!(
            said.starts_with("the arguments of tool \"repeat\" have 121 bytes, and may have 100"),
            "{said}"
        );
        assert!(client.read("bulkheads://bytes/750").await.is_ok());
        let read = client.read("bulkheads://bytes/751").await.unwrap_err();
        assert!(read.message.contains("has 1004 bytes, and may have 1000"), "{}", read.message);
        let long = format!("bulkheads://bytes/{}", "0".repeat(100));
        assert!(client.read(&long).await.unwrap_err().message.contains("may have 100"));
    }
}

#[tokio::test]
async fn where_nothing_is_said_a_result_has_sixteen_mebibytes_at_most() {
    let client = Client::stateless(&builder().build().unwrap());
    let most = client.call("repeat", json!({"what": "x".repeat(1024), "times": 16 * 1024})).await.unwrap();
    assert!(!most.is_error());
    let more =
        client.call("repeat", json!({"what": "x".repeat(1024), "times": 16 * 1024 + 1})).await.unwrap();
    assert!(more.is_error());
}

#[tokio::test(start_paused = true)]
async fn a_flood_runs_two_at_a_time_and_ends() {
    let server = builder().build().unwrap();
    let calls: Vec<_> = (0..2000).map(|_| start(&server, 1)).collect();
    let mut served = 0;
    for call in calls {
        served += usize::from(!call.await.unwrap().is_error());
    }
    let load = server.state::<Load>().unwrap();
    assert_eq!((served, load.most.load(Ordering::SeqCst)), (4, 2));
}
