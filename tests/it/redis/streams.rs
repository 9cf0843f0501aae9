//! A client whose connection breaks comes back to any machine for the rest of a stream.

use std::time::Duration;

use mcp::{Context, Level, Server, State};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::real::Real;
use super::sessions::{Events, begin, head};
use super::two;
use crate::http::send;
use crate::wire::{serve_http, text};

struct Gate(Semaphore);

/// Says each step, when it may go on.
#[mcp::tool]
async fn walk(steps: u32, gate: State<Gate>, cx: Context) -> &'static str {
    for step in 1..=steps {
        gate.0.acquire().await.unwrap().forget();
        cx.log(Level::Info, format!("step {step}"));
    }
    gate.0.acquire().await.unwrap().forget();
    "arrived"
}

async fn machines(redis: &Real) -> ([Server; 2], [String; 2]) {
    let servers = two(redis, || mcp::server!().explicit().tool::<walk>().state(Gate(Semaphore::new(0))));
    let urls = [serve_http(&servers[0]).await, serve_http(&servers[1]).await];
    (servers, urls)
}

fn open(server: &Server, times: usize) {
    server.state::<Gate>().unwrap().0.add_permits(times);
}

fn call() -> Value {
    json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "walk", "arguments": {"steps": 3}}})
}

async fn step(events: &mut Events) -> Value {
    events.next().await.unwrap()["params"]["data"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rest_of_a_stream_is_told_by_the_other_machine() {
    let redis = Real::start().await;
    let (servers, [here, there]) = machines(&redis).await;
    let session = begin(&here).await;
    let mut events = Events::of(&here, "POST", &session, Some(&call())).await;
    open(&servers[0], 1);
    assert_eq!(step(&mut events).await, "step 1");
    let last = events.last.clone();
    drop(events);
    open(&servers[0], 1);
    // Said before he comes back, and after.
    let mut events = Events::after(&there, &session, &last).await;
    assert_eq!(step(&mut events).await, "step 2");
    open(&servers[0], 1);
    assert_eq!(step(&mut events).await, "step 3");
    let last = events.last.clone();
    drop(events);
    open(&servers[0], 1);
    for url in [&there, &here, &there] {
        let mut events = Events::after(url, &session, &last).await;
        assert_eq!(text(&events.next().await.unwrap()), "arrived");
        assert_eq!(events.next().await, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_outlives_the_machine_that_gave_it() {
    let redis = Real::start().await;
    let (first, _second) = (tokio::runtime::Runtime::new().unwrap(), ());
    let (servers, [_, there]) = machines(&redis).await;
    let here = first.spawn({
        let server = servers[0].clone();
        async move { serve_http(&server).await }
    });
    let here = here.await.unwrap();
    let session = begin(&here).await;
    let mut events = Events::of(&here, "POST", &session, Some(&call())).await;
    open(&servers[0], 1);
    assert_eq!(step(&mut events).await, "step 1");
    let last = events.last.clone();
    drop(events);
    open(&servers[0], 3);
    tokio::time::sleep(Duration::from_secs(1)).await;
    first.shutdown_background();
    let mut events = Events::after(&there, &session, &last).await;
    assert_eq!((step(&mut events).await, step(&mut events).await), ("step 2".into(), "step 3".into()));
    assert_eq!(text(&events.next().await.unwrap()), "arrived");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_of_another_session_is_none() {
    let redis = Real::start().await;
    let (servers, [here, there]) = machines(&redis).await;
    let (session, other) = (begin(&here).await, begin(&here).await);
    let mut events = Events::of(&here, "POST", &session, Some(&call())).await;
    open(&servers[0], 1);
    step(&mut events).await;
    for (session, last) in [(&other, events.last.as_str()), (&session, "9-1")] {
        let mut head = head(Some(session));
        head.push(("last-event-id", last));
        let refused = send(&there, "GET", &head, "").await;
        assert_eq!(refused.status, 400, "{}", refused.body);
    }
}
