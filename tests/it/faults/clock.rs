//! The clock of the machine is set, forwards or back, while a server runs. Only what says a time of day may notice: tokens
//! and states that expire.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::auth::issuer;
use crate::auth::orders::{Shop, able, agreed, place, refund};
use crate::wire::{Wire, start_with, text};

const HOUR: i64 = 3600;

/// A clock that can be set.
struct Clock {
    folder: PathBuf,
    by: File,
    at: i64,
}

impl Clock {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("mcp-clock-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/faults/clock.c");
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
        let made = std::process::Command::new(compiler)
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(folder.join("clock.so"))
            .arg(source)
            .status();
        assert!(made.expect("a C compiler, which the dependencies need too").success());
        let mut by = File::create(folder.join("by")).unwrap();
        by.write_all(&0_i64.to_ne_bytes()).unwrap();
        Self { folder, by, at: 0 }
    }

    fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [("LD_PRELOAD", self.folder.join("clock.so")), ("CLOCK_STEP", self.folder.join("by"))]
    }

    /// Sets it by so many seconds, against what it really is.
    fn set(&mut self, seconds: i64) {
        self.by.seek(SeekFrom::Start(0)).unwrap();
        self.by.write_all(&seconds.to_ne_bytes()).unwrap();
        self.at = seconds;
    }

    /// A client with a token that is good by this clock.
    fn client(&self, shop: &Shop, scopes: &str) -> Wire {
        let now = issuer::now().saturating_add_signed(self.at);
        let change = json!({"scope": scopes, "iat": now, "exp": now + 300});
        Wire::at(&shop.url, &shop.issuer.token_but(&shop.url, change))
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn shop(clock: &Clock) -> Shop {
    Shop::open_with(|command| command.envs(clock.environment())).await
}

async fn call(wire: &mut Wire, params: Value) -> Value {
    wire.ask(1, "tools/call", params).await
}

#[tokio::test]
async fn a_token_holds_by_the_clock_that_there_is_and_holds_again_when_that_is_right() {
    let mut clock = Clock::new("token");
    let shop = shop(&clock).await;
    let list = crate::wire::stateless(1, "tools/call", json!({"name": "list_orders"}));
    for (by, status) in
        [(0, 200), (HOUR, 401), (0, 200), (-HOUR, 401), (0, 200), (-20 * 365 * 24 * HOUR, 401), (0, 200)]
    {
        clock.set(by);
        assert_eq!(shop.ask("orders:read", list.clone()).await.status, status, "the clock set by {by} s");
    }
}

#[tokio::test]
async fn nothing_is_done_twice_whatever_the_clock_says() {
    let mut clock = Clock::new("twice");
    let shop = shop(&clock).await;
    let scopes = "orders:write orders:refund";
    call(&mut clock.client(&shop, scopes), place("key-0002")).await;
    let mut calls = 0;
    for by in [0, 2 * HOUR, -2 * HOUR, 30 * 24 * HOUR, -30 * 24 * HOUR, 0] {
        clock.set(by);
        let placed = call(&mut clock.client(&shop, scopes), place("key-0001")).await;
        assert_eq!(placed["result"]["structuredContent"]["number"], 2, "the clock set by {by} s: {placed}");
        calls += 1;
    }

    // What a person agreed to is done once, and the same answer is given to whoever comes again: also when all that was
    // remembered has been looked through by another clock.
    let mut ada = clock.client(&shop, scopes);
    let asked = call(&mut ada, refund(2)).await;
    let agreed_to = agreed(refund(2), &asked);
    assert_eq!(text(&call(&mut ada, agreed_to.clone()).await), "12 euros are on their way");
    clock.set(2 * HOUR);
    let mut later = clock.client(&shop, scopes);
    let late = call(&mut later, agreed_to.clone()).await;
    assert!(late["error"].is_object(), "its time is over: {late}");
    let other = call(&mut later, refund(1)).await;
    call(&mut later, agreed(refund(1), &other)).await;
    clock.set(0);
    for _ in 0..3 {
        let again = call(&mut clock.client(&shop, scopes), agreed_to.clone()).await;
        assert_eq!(text(&again), "12 euros are on their way");
    }
    let orders = call(&mut clock.client(&shop, scopes), json!({"name": "list_orders"})).await;
    let orders = orders["result"]["structuredContent"].as_array().unwrap().len();
    eprintln!(
        "{calls} calls with one key under 5 clocks: {} order; 4 answers to one question: 1 refund",
        orders - 1
    );
    assert_eq!(orders, 2);
}

#[tokio::test]
async fn a_task_is_not_lost_when_the_clock_is_set() {
    let mut clock = Clock::new("task");
    let shop = shop(&clock).await;
    let mut ada = clock.client(&shop, "orders:write");
    for n in 0..10 {
        call(&mut ada, place(&format!("key-{n:04}"))).await;
    }
    for by in [24 * HOUR, -24 * HOUR] {
        clock.set(0);
        let begun = call(&mut clock.client(&shop, "orders:read"), able(json!({"name": "report"}))).await;
        let task = able(json!({"taskId": begun["result"]["taskId"]}));
        clock.set(by);
        let mut later = clock.client(&shop, "orders:read");
        let mut found = json!(null);
        for _ in 0..200 {
            found = later.ask(1, "tasks/get", task.clone()).await;
            if found["result"]["status"] != "working" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(found["result"]["result"]["content"][0]["text"], "10 orders, 120 euros", "{by}: {found}");
    }
}

#[tokio::test]
async fn the_time_of_a_call_passes_as_it_always_does() {
    let mut clock = Clock::new("time");
    let process = start_with("database", |command| command.envs(clock.environment()).stderr(Stdio::null()));
    let mut wire = Wire::of(process);
    let endless = "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT max(n) FROM x";
    let begun = Instant::now();
    let params = json!({"name": "query", "arguments": {"sql": endless}});
    wire.send(crate::wire::stateless(1, "tools/call", params)).await;
    for by in [HOUR, -HOUR, 24 * HOUR, 0] {
        tokio::time::sleep(Duration::from_millis(500)).await;
        clock.set(by);
    }
    let answer = wire.answer(&1.into()).await;
    let took = begun.elapsed();
    assert!(text(&answer).contains("takes too long"), "{answer}");
    eprintln!("a call of 5 s under a clock that is set four times took {took:?}");
    assert!((Duration::from_secs(4)..Duration::from_secs(10)).contains(&took), "{took:?}");
}
