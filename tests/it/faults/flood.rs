//! More than a server can do, or wants to: what it does not do it refuses, in time, and it holds no more than before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use super::Serving;
use crate::wire::{headers_of, stateless};

fn request(address: &str, message: &Value) -> http::Request<Full<Bytes>> {
    let mut request =
        http::Request::post(format!("http://{address}/mcp")).header("content-type", "application/json");
    for (name, value) in headers_of(message, None) {
        request = request.header(name, value);
    }
    request.body(Full::from(message.to_string())).unwrap()
}

/// Has so many clients send so many requests each, and counts the answers by their status.
async fn flood(address: &str, clients: u64, each: u64, message: impl Fn(u64) -> Value) -> [u64; 4] {
    // Nothing is recorded of it: it is too much, and all the same.
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let counts: Arc<[AtomicU64; 4]> = Arc::default();
    let lanes = (0..clients).map(|lane| {
        let (client, counts, address) = (client.clone(), counts.clone(), address.to_owned());
        let messages: Vec<_> = (0..each).map(|n| message(lane * each + n)).collect();
        tokio::spawn(async move {
            for message in messages {
                let Ok(response) = client.request(request(&address, &message)).await else {
                    counts[3].fetch_add(1, Ordering::Relaxed);
                    continue;
                };
                let (head, body) = response.into_parts();
                let answer: Value =
                    serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap();
                assert_eq!(answer["id"], message["id"], "an answer of somebody else's");
                let refused = answer["result"]["isError"] == true || head.status != 200;
                if refused {
                    let wait = answer
                        .pointer("/result/_meta/retryAfter")
                        .or(answer.pointer("/error/data/retryAfter"));
                    assert!(wait.is_some_and(Value::is_u64), "refused without a word of when: {answer}");
                }
                counts[usize::from(refused)].fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    for lane in lanes.collect::<Vec<_>>() {
        lane.await.unwrap();
    }
    [0, 1, 2, 3].map(|n: usize| counts[n].load(Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_gets_what_the_limit_says_and_every_request_an_answer_of_its_own() {
    let serving = Serving::start().await;
    let add = |id: u64| stateless(id, "tools/call", json!({"name": "add", "arguments": {"a": id, "b": 1}}));
    flood(&serving.address, 50, 20, add).await;
    let held = serving.memory("VmRSS");
    let begun = Instant::now();
    let [done, refused, _, lost] = flood(&serving.address, 50, 500, add).await;
    let took = begun.elapsed();
    let grown = serving.memory("VmHWM").saturating_sub(held) / 1024;
    eprintln!(
        "25000 requests in {took:?}: {done} done, {refused} refused, {lost} lost; memory grew by {grown} MiB"
    );
    assert_eq!((done + refused, lost), (25_000, 0));
    // 10,000 at once and 1,000 a second is what one caller has, where nothing else was said.
    let most = 10_000 + 1_000 * (took.as_secs() + 2);
    assert!(done <= most, "{done} done, {most} allowed");
    assert!(grown < 20, "{grown} MiB");
    // When it is over, it is over.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(flood(&serving.address, 1, 10, add).await[0], 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_hang_hold_up_nobody_else() {
    let serving = Serving::start().await;
    let call =
        |id: u64, tool: &str| stateless(id, "tools/call", json!({"name": tool, "arguments": {"ms": 6000}}));
    let list = |id: u64| stateless(id, "tools/list", json!({}));
    flood(&serving.address, 1, 5, list).await;
    let held = serving.memory("VmRSS");
    // Some wait, and some keep a thread.
    let waiting = flood(&serving.address, 900, 1, |id| call(id, "sleep"));
    let blocking = flood(&serving.address, 100, 1, |id| call(id, "block"));
    let quick = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let begun = Instant::now();
        let done = flood(&serving.address, 1, 100, list).await[0];
        (done, begun.elapsed())
    };
    let (waiting, blocking, (quick, took)) = tokio::join!(waiting, blocking, quick);
    let grown = serving.memory("VmHWM").saturating_sub(held) / 1024;
    eprintln!(
        "1000 calls hang: {} and {} done; meanwhile 100 others in {took:?}; memory grew by {grown} MiB",
        waiting[0], blocking[0]
    );
    assert_eq!((waiting[0], blocking[0], quick), (900, 100, 100));
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert!(grown < 60, "{grown} MiB");
}
