//! The server that is soaked: it says of itself what only it can know.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcp::{Context, Json, RateLimits, State};

#[derive(Default)]
struct Seen {
    hanging: AtomicUsize,
    /// Which call was dropped when, in microseconds.
    dropped: Mutex<Vec<(u64, u64)>>,
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or_default()
}

/// Adds.
#[mcp::tool(read_only)]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Sleeps.
#[mcp::tool(read_only)]
async fn sleep(ms: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(ms)).await;
    ms
}

/// Says much.
#[mcp::tool(read_only)]
async fn much(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// Says something all the time.
#[mcp::tool(read_only)]
async fn chatter(times: u32, cx: Context) -> u32 {
    for time in 0..times {
        cx.progress((time, times));
        tokio::task::yield_now().await;
    }
    times
}

/// Panics.
#[mcp::tool]
async fn panics(a: i64) -> i64 {
    panic!("PAYLOAD of {a}")
}

/// Goes on until nobody wants it.
#[mcp::tool(timeout = "none")]
async fn hang(id: u64, seen: State<Seen>) -> u64 {
    struct Guard<'a>(&'a Seen, u64);
    impl Drop for Guard<'_> {
        fn drop(&mut self) {
            self.0.hanging.fetch_sub(1, Ordering::SeqCst);
            self.0.dropped.lock().unwrap().push((self.1, now()));
        }
    }
    seen.hanging.fetch_add(1, Ordering::SeqCst);
    let _guard = Guard(&seen, id);
    std::future::pending().await
}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Stats {
    tasks: usize,
    hanging: usize,
    dropped: Vec<(u64, u64)>,
}

/// Says what is alive, and what was dropped since somebody asked last.
#[mcp::tool]
async fn stats(seen: State<Seen>) -> Json<Stats> {
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let dropped = std::mem::take(&mut *seen.dropped.lock().unwrap());
    Json(Stats { tasks, hanging: seen.hanging.load(Ordering::SeqCst), dropped })
}

#[tokio::main]
async fn main() -> mcp::Result<()> {
    // One machine plays all clients, and would be one of them.
    mcp::server!().state(Seen::default()).rate_limits(RateLimits::none()).run().await
}
