//! A call with a key is made once by all machines together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mcp::{Server, State};
use serde_json::{Value, json};

use super::real::Real;
use super::{call, two};
use crate::wire::text;

#[derive(Clone, Default)]
struct Runs(Arc<AtomicUsize>);

/// Pays, which takes a while.
#[mcp::tool(idempotency = "key")]
async fn pay(key: String, ms: u64, runs: State<Runs>) -> String {
    let number = runs.0.fetch_add(1, Ordering::SeqCst) + 1;
    tokio::time::sleep(Duration::from_millis(ms)).await;
    format!("payment {number} of {key}")
}

/// Gives much.
#[mcp::tool(idempotency = "key")]
async fn much(key: String, runs: State<Runs>) -> String {
    let _ = key;
    runs.0.fetch_add(1, Ordering::SeqCst);
    "x".repeat(2 << 20)
}

fn machines(redis: &Real) -> ([Server; 2], Runs) {
    let runs = Runs::default();
    let servers = two(redis, || mcp::server!().explicit().tool::<pay>().tool::<much>().state(runs.clone()));
    (servers, runs)
}

fn count(runs: &Runs) -> usize {
    runs.0.load(Ordering::SeqCst)
}

fn replayed(answer: &Value) -> bool {
    answer["result"]["_meta"]["idempotentReplay"] == true
}

#[tokio::test]
async fn calls_with_one_key_at_both_machines_are_one_call() {
    let redis = Real::start().await;
    let (servers, runs) = machines(&redis);
    let calls: Vec<_> = (0..40)
        .map(|number| {
            let server = servers[number % 2].clone();
            tokio::spawn(async move { call(&server, "pay", json!({"key": "a", "ms": 300})).await })
        })
        .collect();
    let mut fresh = 0;
    for answer in calls {
        let answer = answer.await.unwrap();
        assert_eq!(text(&answer), "payment 1 of a");
        fresh += usize::from(!replayed(&answer));
    }
    assert_eq!((count(&runs), fresh), (1, 1));
    // Other arguments are another call, which needs a key of its own, wherever it comes.
    for server in &servers {
        let answer = call(server, "pay", json!({"key": "a", "ms": 1})).await;
        assert!(text(&answer).contains("other arguments"), "{answer}");
    }
}

#[tokio::test]
async fn what_was_answered_outlives_a_redis_that_writes_down_what_it_says() {
    let mut redis = Real::durable().await;
    let (servers, runs) = machines(&redis);
    let arguments = json!({"key": "a", "ms": 0});
    assert!(!replayed(&call(&servers[0], "pay", arguments.clone()).await));
    redis.kill();
    redis.restart().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let answer = call(&servers[1], "pay", arguments).await;
    assert_eq!((text(&answer), replayed(&answer), count(&runs)), ("payment 1 of a", true, 1));
}

#[tokio::test]
async fn without_redis_calls_with_a_key_are_not_made_and_others_are() {
    for kill in [true, false] {
        let mut redis = Real::durable().await;
        let (servers, runs) = machines(&redis);
        call(&servers[0], "pay", json!({"key": "before", "ms": 0})).await;
        if kill {
            redis.kill()
        } else {
            redis.freeze()
        }
        let begun = Instant::now();
        for number in 0..20 {
            let answer =
                call(&servers[number % 2], "pay", json!({"key": format!("k{number}"), "ms": 0})).await;
            assert!(text(&answer).contains("cannot be told"), "{answer}");
            assert!(answer["result"]["_meta"]["retryAfter"].is_u64(), "{answer}");
        }
        println!("redis {}: 20 refusals in {:?}", if kill { "killed" } else { "frozen" }, begun.elapsed());
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        assert_eq!(count(&runs), 1);
        if kill {
            redis.restart().await
        } else {
            redis.thaw()
        }
        tokio::time::sleep(Duration::from_millis(2500)).await;
        // What arrived late claims nothing: none of the keys is lost.
        for number in 0..20 {
            let answer =
                call(&servers[number % 2], "pay", json!({"key": format!("k{number}"), "ms": 0})).await;
            assert!(text(&answer).starts_with("payment"), "{answer}");
        }
        assert_eq!(count(&runs), 21);
        let again = call(&servers[1], "pay", json!({"key": "before", "ms": 0})).await;
        assert!(replayed(&again), "{again}");
    }
}

#[tokio::test]
async fn a_call_that_ends_while_redis_is_away_is_answered_and_kept_when_it_is_back() {
    let mut redis = Real::durable().await;
    let (servers, runs) = machines(&redis);
    let paying = tokio::spawn({
        let server = servers[0].clone();
        async move { call(&server, "pay", json!({"key": "a", "ms": 500})).await }
    });
    while count(&runs) == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    redis.kill();
    assert_eq!(text(&paying.await.unwrap()), "payment 1 of a");
    redis.restart().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let answer = call(&servers[1], "pay", json!({"key": "a", "ms": 500})).await;
    assert_eq!((text(&answer), replayed(&answer), count(&runs)), ("payment 1 of a", true, 1));
}

#[tokio::test]
async fn a_result_that_is_too_long_is_not_kept_and_its_call_not_made_again() {
    let redis = Real::start().await;
    let (servers, runs) = machines(&redis);
    assert_eq!(text(&call(&servers[0], "much", json!({"key": "a"})).await).len(), 2 << 20);
    let again = call(&servers[1], "much", json!({"key": "a"})).await;
    assert!(text(&again).contains("too long to be kept"), "{again}");
    assert_eq!(count(&runs), 1);
}

#[tokio::test]
async fn a_redis_without_memory_takes_no_new_key() {
    let redis = Real::start().await;
    let (servers, runs) = machines(&redis);
    redis.say("CONFIG SET maxmemory 1").await.unwrap();
    let refused = call(&servers[0], "pay", json!({"key": "a", "ms": 0})).await;
    assert!(text(&refused).contains("cannot be told"), "{refused}");
    assert_eq!(count(&runs), 0);
}

#[tokio::test]
async fn a_caller_has_ten_thousand_keys_at_most() {
    let redis = Real::start().await;
    let (servers, runs) = machines(&redis);
    let many =
        "EVAL \"for i=1,10000 do redis.call('ZADD', KEYS[1], 9e15, i) end\" 1 mcp:calls-of:address:127.0.0.1";
    redis.say(many).await.unwrap();
    let refused = call(&servers[0], "pay", json!({"key": "a", "ms": 0})).await;
    assert!(text(&refused).contains("no room"), "{refused}");
    assert_eq!(count(&runs), 0);
    redis.say("DEL mcp:calls-of:address:127.0.0.1").await.unwrap();
    call(&servers[0], "pay", json!({"key": "a", "ms": 0})).await;
    assert_eq!(count(&runs), 1);
}
