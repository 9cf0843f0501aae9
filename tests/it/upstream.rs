//! What functions ask of others.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp::testing::Client;
use mcp::{
    Breaker, BreakerState, Cached, Context, RateLimits, Server, ServerBuilder, State, ToolError, Upstream,
    Verdict,
};
use serde_json::json;
use tokio::time::Instant;

/// What the dependency answers, one after the other; the last one again and again.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<Vec<Answer>>,
    asked: Mutex<Vec<Instant>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Works,
    Busy,
    BusyFor(u64),
    Broken,
    Missing,
    Hangs,
}

#[derive(Debug)]
struct Told(Answer);

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "https://user:secret@service.internal said {:?}", self.0)
    }
}

impl std::error::Error for Told {}

fn judge(Told(answer): &Told) -> Verdict {
    match answer {
        Answer::BusyFor(seconds) => Verdict::After(Duration::from_secs(*seconds)),
        Answer::Broken => Verdict::Failed,
        Answer::Missing => Verdict::Refused,
        _ => Verdict::Transient,
    }
}

impl Script {
    async fn ask(&self) -> Result<usize, Told> {
        let nth = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(Instant::now());
            asked.len()
        };
        let answer = {
            let answers = self.answers.lock().unwrap();
            *answers.get(nth - 1).or(answers.last()).unwrap()
        };
        match answer {
            Answer::Works => Ok(nth),
            Answer::Hangs => std::future::pending().await,
            other => Err(Told(other)),
        }
    }
}

/// Asks the dependency.
#[mcp::tool(timeout = "30s")]
async fn ask(api: State<Upstream<Told>>, script: State<Script>, cx: Context) -> Result<String, ToolError> {
    let nth = api.call(&cx, || script.ask()).await?;
    Ok(format!("answer {nth}"))
}

/// Asks the dependency once.
#[mcp::tool]
async fn ask_once(
    api: State<Upstream<Told>>,
    script: State<Script>,
    cx: Context,
) -> Result<String, ToolError> {
    let nth = api.once(&cx, || script.ask()).await?;
    Ok(format!("answer {nth}"))
}

fn builder(api: Upstream<Told>, answers: &[Answer]) -> ServerBuilder {
    let script = Script { answers: Mutex::new(answers.to_vec()), ..Script::default() };
    mcp::server!().only(module_path!()).state(api).state(script).rate_limits(RateLimits::none())
}

fn server(answers: &[Answer]) -> Server {
    builder(Upstream::new("the service", judge), answers).build().unwrap()
}

fn asked(server: &Server) -> Vec<Instant> {
    server.state::<Script>().unwrap().asked.lock().unwrap().clone()
}

fn api(server: &Server) -> Arc<Upstream<Told>> {
    server.state().unwrap()
}

async fn call(server: &Server, tool: &str) -> String {
    Client::stateless(server).call(tool, json!({})).await.unwrap().text()
}

#[tokio::test(start_paused = true)]
async fn what_fails_for_a_moment_is_tried_again_after_growing_pauses() {
    for _ in 0..20 {
        let server = server(&[Answer::Busy, Answer::Busy, Answer::Works]);
        assert_eq!(call(&server, "ask").await, "answer 3");
        let asked = asked(&server);
        let pauses: Vec<_> = asked.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
        assert!((50..=101).contains(&pauses[0]) && (100..=201).contains(&pauses[1]), "{pauses:?}");
        let stats = api(&server).stats();
        assert_eq!((stats.calls, stats.failed, stats.retries), (1, 0, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn three_attempts_are_all_and_the_model_reads_nothing_of_what_the_service_said() {
    let server = server(&[Answer::Busy]);
    assert_eq!(call(&server, "ask").await, "the service failed (temporary: trying again later may work)");
    assert_eq!(asked(&server).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_would_fail_again_is_not_tried_again() {
    for (answer, said) in [
        (Answer::Broken, "the service failed (trying again will not help)"),
        (Answer::Missing, "the service refused what it was asked (trying again will not help)"),
    ] {
        let server = server(&[answer]);
        assert_eq!(call(&server, "ask").await, said);
        assert_eq!(asked(&server).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_tried_once_was_not_done_or_was_perhaps_done() {
    let perhaps = "the service did not say whether it was done: find that out before it is tried again \
                   [outcome_unknown] (trying again will not help)";
    for (answer, said) in [
        (Answer::Works, "answer 1"),
        (Answer::Busy, perhaps),
        (Answer::Broken, perhaps),
        (Answer::Hangs, perhaps),
        (Answer::BusyFor(7), "the service failed (temporary: try again in 7 s)"),
        (Answer::Missing, "the service refused what it was asked (trying again will not help)"),
    ] {
        let server = server(&[answer]);
        assert_eq!(call(&server, "ask_once").await, said, "{answer:?}");
        assert_eq!(asked(&server).len(), 1);
    }
    let open = Upstream::new("the service", judge).breaker(Breaker::new().failures(1));
    let server = builder(open, &[Answer::Busy]).build().unwrap();
    call(&server, "ask_once").await;
    assert!(call(&server, "ask_once").await.starts_with("the service is out of order (temporary"));
}

/// Writes by a key.
#[mcp::tool(idempotency = "key")]
async fn write_once(
    key: String,
    api: State<Upstream<Told>>,
    script: State<Script>,
    cx: Context,
) -> Result<String, ToolError> {
    let nth = api.once(&cx, || script.ask()).await?;
    Ok(format!("{key}: {nth}"))
}

#[tokio::test(start_paused = true)]
async fn a_key_stands_for_what_was_perhaps_done_and_is_free_where_nothing_was() {
    for (answer, asked_then) in [(Answer::Busy, 1), (Answer::Hangs, 1), (Answer::BusyFor(7), 2)] {
        let server = server(&[answer, Answer::Works]);
        for _ in 0..3 {
            Client::stateless(&server).call("write_once", json!({"key": "k"})).await.unwrap();
        }
        assert_eq!(asked(&server).len(), asked_then, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_says_when_to_come_back_is_believed_as_far_as_there_is_time() {
    let server = server(&[Answer::BusyFor(7), Answer::Works]);
    let begun = Instant::now();
    assert_eq!(call(&server, "ask").await, "answer 2");
    assert_eq!(begun.elapsed().as_secs(), 7);
    let server = self::server(&[Answer::BusyFor(40), Answer::Works]);
    let begun = Instant::now();
    assert_eq!(call(&server, "ask").await, "the service failed (temporary: try again in 40 s)");
    assert_eq!((asked(&server).len(), begun.elapsed().as_secs()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_has_no_limit_does_not_wait_as_long_as_a_service_likes() {
    for (seconds, asked) in [(200, 2), (86_400, 1)] {
        let script = Script {
            answers: Mutex::new(vec![Answer::BusyFor(seconds), Answer::Works]),
            ..Script::default()
        };
        let api = Upstream::new("the service", judge);
        let begun = Instant::now();
        let result = api.call(&Context::detached(), || script.ask()).await;
        assert_eq!((result.is_ok(), script.asked.lock().unwrap().len()), (asked == 2, asked));
        assert!(begun.elapsed() <= Duration::from_secs(201));
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_bounded_by_its_own_time_and_by_that_of_the_call() {
    let server = server(&[Answer::Hangs, Answer::Works]);
    let begun = Instant::now();
    assert_eq!(call(&server, "ask").await, "answer 2");
    assert_eq!(begun.elapsed().as_secs(), 10);

    let slow = Upstream::new("the service", judge).attempt_timeout(Duration::from_secs(20)).breaker(None);
    let server = builder(slow, &[Answer::Hangs]).build().unwrap();
    let begun = Instant::now();
    let said = call(&server, "ask").await;
    assert!((29..=30).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    assert!(said.contains("did not answer in time") || said.contains("took longer than 30 s"), "{said}");
    assert_eq!(asked(&server).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_out_of_order_is_left_alone_and_tried_by_one() {
    let server = server(&[Answer::Busy, Answer::Busy, Answer::Busy, Answer::Works]);
    call(&server, "ask").await;
    assert_eq!(call(&server, "ask").await, "the service is out of order (temporary: try again in 30 s)");
    assert_eq!(asked(&server).len(), 3);
    assert_eq!(api(&server).stats().refused, 1);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(api(&server).state(), Some(BreakerState::HalfOpen));
    assert_eq!(call(&server, "ask").await, "answer 4");
    assert_eq!(api(&server).state(), Some(BreakerState::Closed { failures: 0 }));
    // What it refuses is no failure.
    let server = self::server(&[Answer::Missing]);
    for _ in 0..10 {
        call(&server, "ask").await;
    }
    assert_eq!(asked(&server).len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_tries_leaves_the_next_one_to_try() {
    let quick = Breaker::new().failures(1).open_for(Duration::from_secs(1));
    let api = Upstream::new("the service", judge).attempts(1).breaker(quick);
    let server = builder(api, &[Answer::Busy, Answer::Hangs, Answer::Works]).build().unwrap();
    call(&server, "ask").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(tokio::time::timeout(Duration::from_secs(1), call(&server, "ask")).await.is_err());
    assert_eq!(call(&server, "ask").await, "answer 3");
}

struct Kept {
    cached: Cached<u32, usize, Told>,
    runs: AtomicUsize,
    open: AtomicUsize,
}

impl Kept {
    fn new(most: usize) -> Arc<Self> {
        let cached = Cached::new(Duration::from_secs(60)).most(most);
        Arc::new(Self { cached, runs: AtomicUsize::new(0), open: AtomicUsize::new(0) })
    }

    /// Gets what belongs to a key, which takes a second; 0 always fails.
    async fn get(&self, key: u32) -> Result<usize, Arc<Told>> {
        self.cached
            .get(&key, || async {
                let nth = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
                self.open.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(1)).await;
                self.open.fetch_sub(1, Ordering::SeqCst);
                if key == 0 { Err(Told(Answer::Broken)) } else { Ok(nth) }
            })
            .await
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

fn spawn(kept: &Arc<Kept>, key: u32) -> tokio::task::JoinHandle<Result<usize, Arc<Told>>> {
    let kept = kept.clone();
    tokio::spawn(async move { kept.get(key).await })
}

#[tokio::test(start_paused = true)]
async fn what_many_ask_for_at_once_is_got_once_and_kept_for_a_while() {
    let kept = Kept::new(10);
    let all: Vec<_> = (0..100).map(|_| spawn(&kept, 7)).collect();
    let begun = Instant::now();
    for one in all {
        assert_eq!(one.await.unwrap().unwrap(), 1);
    }
    assert_eq!((kept.runs(), begun.elapsed().as_secs()), (1, 1));
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(kept.get(7).await.unwrap(), 1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(kept.get(7).await.unwrap(), 2);
    kept.cached.forget(&7);
    assert_eq!(kept.get(7).await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_error_reaches_all_that_waited_and_is_not_kept() {
    let kept = Kept::new(10);
    let all: Vec<_> = (0..10).map(|_| spawn(&kept, 0)).collect();
    let begun = Instant::now();
    for one in all {
        assert_eq!(one.await.unwrap().unwrap_err().0, Answer::Broken);
    }
    assert_eq!((kept.runs(), begun.elapsed().as_secs()), (1, 1));
    assert!(kept.get(0).await.is_err());
    assert_eq!(kept.runs(), 2);
}

#[tokio::test(start_paused = true)]
async fn where_the_one_that_gets_it_is_dropped_another_goes_on() {
    let kept = Kept::new(10);
    let first = spawn(&kept, 7);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let second = spawn(&kept, 7);
    tokio::time::sleep(Duration::from_millis(100)).await;
    first.abort();
    assert_eq!(second.await.unwrap().unwrap(), 2);
    assert_eq!(kept.get(7).await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn hostile_keys_take_no_more_room_than_there_is() {
    let kept = Kept::new(5);
    // Whoever begins and leaves takes no place for ever.
    for key in 1..1000 {
        let begun = spawn(&kept, key);
        tokio::task::yield_now().await;
        begun.abort();
        let _ = begun.await;
    }
    let all: Vec<_> = (1..=100).map(|key| spawn(&kept, key)).collect();
    for one in all {
        assert!(one.await.unwrap().is_ok());
    }
    let before = kept.runs();
    let mut found = 0;
    for key in 1..=100 {
        let runs = kept.runs();
        let _ = kept.get(key).await;
        found += usize::from(kept.runs() == runs);
    }
    assert!(found <= 5, "{found} of 5 places");
    for key in 101..=105 {
        kept.get(key).await.unwrap();
    }
    let runs = kept.runs();
    for key in 101..=105 {
        kept.get(key).await.unwrap();
    }
    assert_eq!(kept.runs(), runs, "the newest are kept");
    assert!(before > 100);
}
