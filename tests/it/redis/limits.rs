//! Limits hold for all machines together, and for each by itself while Redis is away.

use std::time::{Duration, Instant};

use mcp::limits::{LimitStore, Taken};
use mcp::redis::Redis;
use mcp::{Rate, RateLimits, Server};
use serde_json::json;

use super::real::Real;
use super::{call, two};

/// Says hello.
#[mcp::tool]
async fn hello() -> &'static str {
    "hello"
}

fn machines(redis: &Real, burst: u32) -> [Server; 2] {
    two(redis, || {
        let limits = RateLimits::none().caller(Rate::per_hour(1).burst(burst));
        mcp::server!().explicit().tool::<hello>().rate_limits(limits)
    })
}

/// How many of so many calls, at each machine in turn, were let in; and how long the slowest took.
async fn let_in(servers: &[Server], calls: usize) -> (usize, Duration) {
    let (mut count, mut slowest) = (0, Duration::ZERO);
    for server in servers.iter().cycle().take(calls) {
        let begun = Instant::now();
        let answer = call(server, "hello", json!({})).await;
        slowest = slowest.max(begun.elapsed());
        count += usize::from(answer["result"]["isError"] != true);
    }
    (count, slowest)
}

#[tokio::test]
async fn machines_count_together() {
    let redis = Real::start().await;
    let servers = machines(&redis, 10);
    let (count, _) = let_in(&servers, 30).await;
    assert_eq!(count, 10);
    let refused = call(&servers[1], "hello", json!({})).await;
    let wait = refused["result"]["_meta"]["retryAfter"].as_u64().unwrap();
    assert!((3590..=3600).contains(&wait), "{refused}");
}

#[tokio::test]
async fn while_redis_is_away_each_machine_counts_for_itself_and_nobody_waits_long() {
    for kill in [true, false] {
        let mut redis = Real::start().await;
        let servers = machines(&redis, 10);
        assert_eq!(let_in(&servers, 4).await.0, 4);
        if kill {
            redis.kill()
        } else {
            redis.freeze()
        }
        let begun = Instant::now();
        let (count, slowest) = let_in(&servers, 60).await;
        println!(
            "redis {}: {count} of 60 let in, slowest {slowest:?}, all {:?}",
            if kill { "killed" } else { "frozen" },
            begun.elapsed()
        );
        assert_eq!(count, 20, "each has a bucket of its own");
        assert!(slowest < Duration::from_secs(2), "{slowest:?}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        if kill {
            redis.restart().await
        } else {
            redis.thaw()
        }
        // It is tried again within two seconds.
        tokio::time::sleep(Duration::from_millis(2100)).await;
        let (count, _) = let_in(&servers, 30).await;
        // One that was killed has forgotten; what one that was frozen read late took tokens.
        let expected = if kill { 9..=10 } else { 1..=6 };
        assert!(expected.contains(&count), "{count} were let in after it was back");
    }
}

#[tokio::test]
async fn it_counts_as_the_memory_of_one_machine_does() {
    let real = Real::start().await;
    let redis = Redis::open(&real.address()).unwrap().timeout(Duration::from_secs(10));
    // The store is asked directly, by a layer that is fast: buckets are made by nobody else.
    let server = mcp::server!()
        .explicit()
        .tool::<hello>()
        .rate_limits(RateLimits::none().caller(Rate::per_second(4).burst(3)).store(Watched(redis)))
        .build()
        .unwrap();
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < Duration::from_secs(2) {
        count += u32::from(call(&server, "hello", json!({})).await["result"]["isError"] != true);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Three at once, and four in each second.
    assert!((10..=11).contains(&count), "{count}");
}

/// Fails the test where the store fails: the layer would count by itself.
#[derive(Debug)]
struct Watched(Redis);

impl LimitStore for Watched {
    fn take<'a>(
        &'a self,
        buckets: &'a [mcp::limits::Bucket<'a>],
    ) -> mcp::BoxFuture<'a, Result<Taken, mcp::BoxError>> {
        Box::pin(async move {
            let taken = self.0.take(buckets).await;
            if let Ok(Taken::Refused { bucket, retry_after }) = taken {
                assert!(
                    bucket < buckets.len() && retry_after <= buckets[bucket].rate.period(),
                    "{retry_after:?}"
                );
            }
            taken
        })
    }
}

#[tokio::test]
async fn what_one_bucket_refuses_takes_nothing_from_the_others_and_odd_figures_do_no_harm() {
    let real = Real::start().await;
    let servers = two(&real, || {
        let limits = RateLimits::none()
            .caller(Rate::new(1, Duration::MAX).burst(u32::MAX))
            .function("hello", Rate::per_hour(1).burst(3))
            .global(Rate::new(u32::MAX, Duration::from_nanos(1)).burst(20));
        mcp::server!().explicit().tool::<hello>().rate_limits(limits)
    });
    assert_eq!(let_in(&servers, 40).await.0, 3);
    let keys = real.say("DBSIZE").await.unwrap();
    assert!(keys.starts_with(':') && keys.trim() != ":0", "{keys}");
}
