//! A function that keeps failing is left alone for a while.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp::testing::Client;
use mcp::{Breaker, BreakerState, RateLimits, Server, ServerBuilder, State, ToolError};
use serde_json::json;

use crate::wire::{Over, Wire, text};

struct How {
    how: Mutex<&'static str>,
    runs: AtomicUsize,
}

impl How {
    fn set(&self, how: &'static str) {
        *self.how.lock().unwrap() = how;
    }
}

/// Does what it is told by the test.
#[mcp::tool(timeout = "5s")]
async fn depends(given: Option<u32>, how: State<How>) -> Result<String, ToolError> {
    let _ = given;
    how.runs.fetch_add(1, Ordering::SeqCst);
    let told = *how.how.lock().unwrap();
    match told {
        "works" => Ok("done".into()),
        "input" => Err(ToolError::invalid_input("no such thing")),
        "transient" => Err(ToolError::transient("busy")),
        "fatal" => Err(ToolError::fatal("broken")),
        "panic" => panic!("told to"),
        "slowly" => {
            tokio::time::sleep(Duration::from_secs(2)).await;
            Ok("done".into())
        }
        _ => std::future::pending().await,
    }
}

/// Breaks with any error.
#[mcp::tool]
async fn breaks() -> Result<String, std::io::Error> {
    Err(std::io::Error::other("broken pipe"))
}

/// Breaks, too.
#[mcp::resource("breakers://broken")]
async fn broken() -> Result<String, std::io::Error> {
    Err(std::io::Error::other("broken pipe"))
}

/// Works.
#[mcp::tool]
async fn fine() -> &'static str {
    "done"
}

fn builder() -> ServerBuilder {
    let how = How { how: Mutex::new("works"), runs: AtomicUsize::new(0) };
    mcp::server!().only(module_path!()).state(how).rate_limits(RateLimits::none())
}

fn server() -> Server {
    builder().breakers(Breaker::new()).build().unwrap()
}

fn state(server: &Server, name: &str) -> BreakerState {
    server.breakers().into_iter().find(|breaker| breaker.name == name).unwrap().state
}

async fn call(server: &Server) -> String {
    Client::stateless(server).call("depends", json!({})).await.unwrap().text()
}

fn runs(server: &Server) -> usize {
    server.state::<How>().unwrap().runs.load(Ordering::SeqCst)
}

fn told(server: &Server, how: &'static str) {
    server.state::<How>().unwrap().set(how);
}

async fn open(server: &Server) {
    told(server, "transient");
    for failures in 0..3 {
        assert_eq!(state(server, "depends"), BreakerState::Closed { failures });
        call(server).await;
    }
    assert_eq!(state(server, "depends"), BreakerState::Open { retry_after: Duration::from_secs(30) });
}

#[tokio::test(start_paused = true)]
async fn after_three_failures_nothing_is_run_and_the_model_is_told_when_it_may_be() {
    let server = server();
    open(&server).await;
    told(&server, "works");
    tokio::time::sleep(Duration::from_millis(9500)).await;
    let refused = Client::stateless(&server).call("depends", json!({})).await.unwrap();
    assert!(refused.is_error());
    assert_eq!(
        refused.text(),
        "tool \"depends\" is unavailable: it has failed several times; it was not run (temporary: try again in 21 s)"
    );
    assert_eq!(refused.raw()["_meta"]["retryAfter"], 21);
    assert_eq!(runs(&server), 3);
    assert_eq!(Client::stateless(&server).call("fine", json!({})).await.unwrap().text(), "done");
}

#[tokio::test(start_paused = true)]
async fn every_way_to_fail_is_counted_and_what_is_up_to_the_caller_is_not() {
    for how in ["transient", "fatal", "panic", "hang"] {
        let server = server();
        told(&server, how);
        for _ in 0..5 {
            call(&server).await;
        }
        assert_eq!(runs(&server), 3, "{how}");
        assert!(matches!(state(&server, "depends"), BreakerState::Open { .. }), "{how}");
    }
    for how in ["input", "works"] {
        let server = server();
        told(&server, how);
        for _ in 0..10 {
            call(&server).await;
            let wrong = Client::stateless(&server).call("depends", json!({"given": "x"})).await.unwrap();
            assert!(wrong.is_error());
        }
        assert_eq!(state(&server, "depends"), BreakerState::Closed { failures: 0 }, "{how}");
    }
    let server = server();
    told(&server, "hang");
    for _ in 0..10 {
        assert!(tokio::time::timeout(Duration::from_secs(1), call(&server)).await.is_err(), "cancelled");
    }
    assert_eq!(state(&server, "depends"), BreakerState::Closed { failures: 0 });
    for _ in 0..4 {
        Client::stateless(&server).call("breaks", json!({})).await.unwrap();
    }
    assert!(matches!(state(&server, "breaks"), BreakerState::Open { .. }));
}

#[tokio::test(start_paused = true)]
async fn failures_far_apart_open_nothing() {
    let server = server();
    told(&server, "transient");
    for _ in 0..20 {
        assert!(call(&server).await.starts_with("busy"));
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
    assert_eq!(runs(&server), 20);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(state(&server, "depends"), BreakerState::Closed { failures: 0 });
}

#[tokio::test(start_paused = true)]
async fn a_failure_now_and_then_closes_a_function_for_nobody() {
    let server = server();
    for _ in 0..10 {
        told(&server, "works");
        for _ in 0..9 {
            assert_eq!(call(&server).await, "done");
        }
        told(&server, "transient");
        assert!(call(&server).await.starts_with("busy"));
    }
    assert_eq!((runs(&server), state(&server, "depends")), (100, BreakerState::Closed { failures: 1 }));
}

#[tokio::test(start_paused = true)]
async fn one_call_at_a_time_tries_whether_it_works_again() {
    let server = server();
    open(&server).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(state(&server, "depends"), BreakerState::HalfOpen);
    told(&server, "slowly");
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let server = server.clone();
            tokio::spawn(async move { call(&server).await })
        })
        .collect();
    let mut done = 0;
    for call in calls {
        let said = call.await.unwrap();
        done += usize::from(said == "done");
        assert!(
            said == "done" || said.contains("is unavailable") && said.contains("try again in 1 s"),
            "{said}"
        );
    }
    assert_eq!((done, runs(&server)), (1, 4));
    assert_eq!(state(&server, "depends"), BreakerState::Closed { failures: 0 });

    // One that fails again opens it again, for as long.
    open(&server).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    told(&server, "panic");
    assert!(call(&server).await.contains("the server failed"));
    assert_eq!(state(&server, "depends"), BreakerState::Open { retry_after: Duration::from_secs(30) });
}

#[tokio::test(start_paused = true)]
async fn a_try_that_has_no_end_keeps_the_others_away_for_no_longer_than_the_breaker_was_open() {
    let quick = Breaker::new().failures(1).open_for(Duration::from_secs(2));
    let server = builder().breakers(quick).build().unwrap();
    told(&server, "transient");
    call(&server).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    told(&server, "hang");
    let hanging = tokio::spawn({
        let server = server.clone();
        async move { call(&server).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    told(&server, "works");
    assert!(call(&server).await.contains("is unavailable"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(call(&server).await, "done");
    assert_eq!(state(&server, "depends"), BreakerState::Closed { failures: 0 });
    // What came of it long after says nothing of now.
    assert!(hanging.await.unwrap().contains("took longer than 5 s"));
    assert_eq!(state(&server, "depends"), BreakerState::Closed { failures: 0 });
}

#[tokio::test(start_paused = true)]
async fn a_try_that_shows_nothing_leaves_the_next_one_to_try() {
    let server = server();
    open(&server).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    told(&server, "hang");
    assert!(tokio::time::timeout(Duration::from_secs(1), call(&server)).await.is_err());
    told(&server, "input");
    assert!(call(&server).await.starts_with("no such thing"));
    assert_eq!(state(&server, "depends"), BreakerState::HalfOpen);
    told(&server, "works");
    assert_eq!(call(&server).await, "done");
    assert_eq!(state(&server, "depends"), BreakerState::Closed { failures: 0 });
}

#[tokio::test(start_paused = true)]
async fn calls_that_were_under_way_when_it_opened_change_nothing() {
    let server = server();
    told(&server, "slowly");
    let slow = tokio::spawn({
        let server = server.clone();
        async move { call(&server).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    open(&server).await;
    assert_eq!(slow.await.unwrap(), "done");
    assert_eq!(state(&server, "depends"), BreakerState::Open { retry_after: Duration::from_secs(29) });
}

#[tokio::test(start_paused = true)]
async fn there_are_none_unless_somebody_asks_and_each_may_be_another() {
    let server = builder().build().unwrap();
    told(&server, "transient");
    for _ in 0..10 {
        call(&server).await;
    }
    assert_eq!((runs(&server), server.breakers().len()), (10, 0));

    let quick = Breaker::new().failures(1).within(Duration::from_secs(1)).open_for(Duration::from_secs(2));
    let server =
        builder().breakers(Breaker::new()).breaker("depends", quick).breaker("fine", None).build().unwrap();
    let names: Vec<_> = server.breakers().iter().map(|breaker| (breaker.kind, breaker.name)).collect();
    assert_eq!(names, [("resource", "broken"), ("tool", "breaks"), ("tool", "depends")]);
    told(&server, "transient");
    call(&server).await;
    assert_eq!(state(&server, "depends"), BreakerState::Open { retry_after: Duration::from_secs(2) });
    let wrong = builder().breaker("depend", quick).build();
    assert!(wrong.unwrap_err().to_string().contains("nothing is called \"depend\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn breakers_hold_on_every_transport_and_for_resources() {
    for over in [Over::Memory, Over::Socket, Over::Http, Over::Sse] {
        let server = builder().breakers(Breaker::new()).http_sse().build().unwrap();
        let mut wire = Wire::connect_to(over, &server).await;
        wire.initialize().await;
        for id in 0..3 {
            let broken = wire.ask_in_session(id, "resources/read", json!({"uri": "breakers://broken"})).await;
            assert_eq!(broken["error"]["message"], "broken pipe", "{over:?}");
            wire.ask_in_session(id + 10, "tools/call", json!({"name": "breaks"})).await;
        }
        let refused = wire.ask_in_session(3, "resources/read", json!({"uri": "breakers://broken"})).await;
        assert_eq!(refused["error"]["code"], -32603, "{over:?}");
        assert!(refused["error"]["data"]["retryAfter"].as_u64().unwrap() > 20, "{refused}");
        let refused = wire.ask_in_session(4, "tools/call", json!({"name": "breaks"})).await;
        assert!(text(&refused).contains("is unavailable"), "{over:?}: {refused}");
    }
}
