//! What must not be seen, and what a server must be told.

use std::error::Error;
use std::time::Duration;

use mcp::idempotency::IdempotencyStore;
use mcp::limits::LimitStore;
use mcp::redis::Redis;

use super::real::Real;

const MARKER: &str = "m4rk3r-s3cr3t";

fn all_words(error: &(dyn Error + 'static)) -> String {
    let mut words = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(error) = source {
        words.push_str(&format!(" {error} {error:?}"));
        source = error.source();
    }
    words
}

#[tokio::test]
async fn the_password_of_redis_is_never_printed() {
    let real = Real::start_with(&["--requirepass", "another"]).await;
    let address = real.address().replace("redis://", &format!("redis://:{MARKER}@"));
    let redis = Redis::open(&address).unwrap().timeout(Duration::from_secs(5));
    assert!(!format!("{redis:?}").contains(MARKER));
    let failed = redis.take(&[]).await.unwrap_err();
    let words = all_words(&*failed);
    assert!(words.contains("AuthenticationFailed") && !words.contains(MARKER), "{words}");
    let builder = mcp::server!().explicit().redis(redis.clone());
    assert!(!format!("{builder:?}").contains(MARKER));
    let wrong = Redis::open(&format!("http://:{MARKER}@example.com")).unwrap_err();
    assert!(!all_words(&wrong).contains(MARKER), "{wrong:?}");
    let _: &dyn IdempotencyStore = &redis;
}

#[test]
fn a_server_with_redis_and_without_keys_of_its_own_does_not_build() {
    let redis = Redis::open("redis://127.0.0.1:1").unwrap();
    let problem = mcp::server!().explicit().redis(redis.clone()).build().unwrap_err().to_string();
    assert!(problem.contains("state_keys(mcp::StateKey::from_env"), "{problem}");
    assert!(mcp::server!().explicit().redis(redis.clone()).state_keys([super::key()]).build().is_ok());
    // What only looks at it needs no keys.
    assert!(mcp::server!().explicit().redis(redis).catalogue().is_ok());
}
