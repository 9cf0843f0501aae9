//! A server ends while it has work to do, and another one takes over: what was answered was done, what was not may be asked
//! again, and what has a key is done once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use mcp::{Idempotency, RateLimits, Server, State};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::idempotency::Far;
use crate::wire::{headers_of, stateless};

/// What was done, by key, on any of the machines.
#[derive(Clone, Default)]
struct Done(Arc<Mutex<HashMap<String, u32>>>);

/// Pays.
#[mcp::tool(idempotency = "key")]
async fn pay(key: String, done: State<Done>) -> String {
    tokio::time::sleep(Duration::from_millis(20)).await;
    *done.0.lock().unwrap().entry(key.clone()).or_default() += 1;
    tokio::time::sleep(Duration::from_millis(20)).await;
    format!("paid {key}")
}

struct Machine {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<mcp::Result<()>>,
}

async fn machine(done: &Done, store: &Far) -> Machine {
    let keys = Idempotency::new().store(store.clone());
    let server = mcp::server!().explicit().tool::<pay>().state(done.clone()).idempotency(keys);
    let server: Server = server.rate_limits(RateLimits::none()).build().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let serving =
        tokio::spawn(async move { server.serve_http_on(listener, async { drop(stopped.await) }).await });
    Machine { url, stop: Some(stop), serving }
}

type Asking = Client<HttpConnector, Full<Bytes>>;

/// What a machine says to one request: `None` where it says nothing.
async fn ask(client: &Asking, url: &str, key: &str) -> Option<(u16, Value)> {
    ask_for(client, url, key, json!({"name": "pay", "arguments": {"key": key}})).await
}

async fn ask_for(client: &Asking, url: &str, id: &str, call: Value) -> Option<(u16, Value)> {
    let message = stateless(id, "tools/call", call);
    let mut request = http::Request::post(url).header("content-type", "application/json");
    for (name, value) in headers_of(&message, None) {
        request = request.header(name, value);
    }
    let response = client.request(request.body(Full::from(message.to_string())).unwrap()).await.ok()?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    let answer: Value = serde_json::from_slice(&body).expect("an answer is whole, or there is none");
    assert_eq!(answer["id"], id, "{answer}");
    Some((head.status.as_u16(), answer))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_ends_under_load_loses_nothing_and_nothing_is_done_twice() {
    let (done, store) = (Done::default(), Far::default());
    let mut first = machine(&done, &store).await;
    let second = machine(&done, &store).await;
    let moved = Arc::new(AtomicU32::new(0));
    let lanes: Vec<_> = (0..40)
        .map(|lane| {
            let (first, second, moved) = (first.url.clone(), second.url.clone(), moved.clone());
            tokio::spawn(async move {
                let client = Client::builder(TokioExecutor::new()).build_http();
                for n in 0..60 {
                    let key = format!("{lane}-{n}");
                    let mut answer = ask(&client, &first, &key).await;
                    // Whoever is not answered, or sent away, asks the other machine, with the same key.
                    let begun = Instant::now();
                    while answer.as_ref().is_none_or(|(status, _)| *status == 503) {
                        moved.fetch_add(1, Ordering::Relaxed);
                        answer = ask(&client, &second, &key).await;
                        assert!(begun.elapsed() < Duration::from_secs(20), "{key} is never answered");
                    }
                    let (status, answer) = answer.unwrap();
                    let text = answer["result"]["content"][0]["text"].as_str().unwrap_or_default();
                    assert_eq!((status, text), (200, &*format!("paid {key}")), "{answer}");
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(800)).await;
    let ended = Instant::now();
    first.stop.take().unwrap().send(()).unwrap();
    first.serving.await.unwrap().unwrap();
    let took = ended.elapsed();
    for lane in lanes {
        lane.await.unwrap();
    }
    let done = done.0.lock().unwrap();
    let twice = done.values().filter(|times| **times != 1).count();
    eprintln!(
        "2400 keyed calls, the first machine ended after {took:?}: {} done, {twice} of them twice, {} went to the other",
        done.len(),
        moved.load(Ordering::Relaxed)
    );
    assert_eq!((done.len(), twice), (2400, 0));
    assert!(took < Duration::from_secs(6), "{took:?}");
    assert!(moved.load(Ordering::Relaxed) > 0, "it ended before all was done");
    drop(second.stop);
    second.serving.abort();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_told_to_end_under_load_ends_in_time_and_cuts_no_answer() {
    let mut serving = super::Serving::start().await;
    let url = format!("http://{}/mcp", serving.address);
    let (answered, refused) = (Arc::<AtomicU32>::default(), Arc::<AtomicU32>::default());
    let lanes: Vec<_> = (0..40)
        .map(|lane| {
            let (url, answered, refused) = (url.clone(), answered.clone(), refused.clone());
            tokio::spawn(async move {
                let client = Client::builder(TokioExecutor::new()).build_http();
                for n in 0..10_000 {
                    let id = format!("{lane}-{n}");
                    let arguments = json!({"ms": 30});
                    match ask_for(&client, &url, &id, json!({"name": "sleep", "arguments": arguments})).await
                    {
                        Some((200, answer)) => {
                            assert_eq!(answer["result"]["content"][0]["text"], "slept");
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                        // It says so, or is not there any more.
                        Some((503, _)) | None => {
                            refused.fetch_add(1, Ordering::Relaxed);
                            return;
                        }
                        Some(other) => panic!("{other:?}"),
                    }
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let told = Instant::now();
    let id = serving.process.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let status = tokio::time::timeout(Duration::from_secs(20), serving.process.wait()).await;
    let (status, took) = (status.expect("it goes on").unwrap(), told.elapsed());
    for lane in lanes {
        lane.await.unwrap();
    }
    let (answered, refused) = (answered.load(Ordering::Relaxed), refused.load(Ordering::Relaxed));
    eprintln!(
        "ended {took:?} after it was told, with code {:?}: {answered} answered, {refused} sent away",
        status.code()
    );
    assert_eq!((status.code(), refused), (Some(0), 40));
    assert!(answered > 40 && took < Duration::from_secs(6), "{answered} {took:?}");
}
