//! Clients that go away, in the head, in the body, or in the stream of an answer: nothing of theirs is left.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Dice, Serving};
use crate::wire::{STATEFUL, headers_of, stateless};

/// How many go away, of which so many at once.
const CLIENTS: u64 = 10_000;
const AT_ONCE: u64 = 100;

/// What a client asks before it goes, as bytes.
fn requests(address: &str) -> Vec<Vec<u8>> {
    let call = |tool: &str, arguments: Value| {
        stateless(1, "tools/call", json!({"name": tool, "arguments": arguments}))
    };
    let mut progress = call("test_tool_with_progress", json!({}));
    progress["params"]["_meta"]["progressToken"] = 1.into();
    let all = [
        call("add", json!({"a": 1, "b": 2})),
        call("sleep", json!({"ms": 60_000})),
        call("block", json!({"ms": 60_000})),
        progress,
        stateless(1, "subscriptions/listen", json!({"notifications": {"toolsListChanged": true}})),
        stateless(1, "tools/list", json!({})),
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": STATEFUL, "capabilities": {}, "clientInfo": {"name": "!", "version": "1"},
        }}),
    ];
    let written = all.iter().map(|message| {
        let mut head = format!("POST /mcp HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n");
        for (name, value) in headers_of(message, None) {
            head += &format!("{name}: {value}\r\n");
        }
        let body = message.to_string();
        format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
    });
    written.collect()
}

/// Comes, and goes at some point of what it says or hears.
async fn vanish(address: &str, requests: &[Vec<u8>], dice: &mut Dice) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    // Half of them say that they go, half are just gone.
    if dice.below(2) == 0 {
        stream.set_zero_linger()?;
    }
    let request = &requests[dice.below(requests.len())];
    if dice.below(2) == 0 {
        stream.write_all(&request[..dice.below(request.len())]).await?;
        return Ok(());
    }
    stream.write_all(request).await?;
    let mut heard = vec![0; 1 + dice.below(600)];
    let _ = tokio::time::timeout(Duration::from_millis(dice.below(20) as u64), stream.read(&mut heard)).await;
    Ok(())
}

async fn all_vanish(address: &str, clients: u64) -> u64 {
    let met = std::sync::Arc::new(AtomicU64::new(0));
    let requests = std::sync::Arc::new(requests(address));
    let lanes = (0..AT_ONCE).map(|lane| {
        let (met, requests, address) = (met.clone(), requests.clone(), address.to_owned());
        tokio::spawn(async move {
            let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ (lane + 1));
            for _ in 0..clients / AT_ONCE {
                if vanish(&address, &requests, &mut dice).await.is_ok() {
                    met.fetch_add(1, Ordering::Relaxed);
                }
            }
        })
    });
    futures::future::join_all(lanes).await;
    met.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_vanish_leave_no_descriptor() {
    let serving = Serving::start().await;
    all_vanish(&serving.address, AT_ONCE).await;
    settle(|| serving.descriptors(), 0).await;
    let (before, held) = (serving.descriptors(), serving.memory("VmRSS"));
    let met = all_vanish(&serving.address, CLIENTS).await;
    let gone = Instant::now();
    let after = settle(|| serving.descriptors(), before).await;
    let grown = serving.memory("VmRSS").saturating_sub(held);
    eprintln!(
        "{met} clients vanished: {before} descriptors before, {after} after {:?}; memory grew by {} MiB",
        gone.elapsed(),
        grown / 1024
    );
    assert!(met > CLIENTS * 9 / 10, "{met}");
    assert!(after <= before, "{before} descriptors before, {after} after");
    // The sessions of those who began one are kept for a while, and are bounded.
    assert!(grown < 100 << 10, "{grown} KiB");
}

/// Waits until there are no more than this, three seconds and a bit at most.
async fn settle(mut count: impl FnMut() -> usize, most: usize) -> usize {
    for _ in 0..60 {
        if count() <= most {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    count()
}

#[test]
fn clients_that_vanish_leave_no_task() {
    // The server has a runtime for itself, so that its tasks are all that there are.
    let theirs = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let ours = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = crate::everything::server().build().unwrap();
    let listener = theirs.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    theirs.spawn(async move { server.serve_http_on(listener, std::future::pending()).await });
    let tasks = || theirs.metrics().num_alive_tasks();
    ours.block_on(async {
        all_vanish(&address, AT_ONCE).await;
        let before = settle(tasks, 1).await;
        let met = all_vanish(&address, CLIENTS / 5).await;
        let after = settle(tasks, before).await;
        eprintln!("{met} clients vanished: {before} tasks before, {after} after");
        assert!(after <= before, "{before} tasks before, {after} after");
    });
    theirs.shutdown_background();
}
