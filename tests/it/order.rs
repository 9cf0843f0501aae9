//! Where an author's layers stand among those of the framework.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use mcp::testing::Client;
use mcp::{
    BoxError, BoxFuture, Breaker, BreakerState, FailureKind, Next, Peer, Rate, RateLimits, Request, Response,
    Server,
};
use serde_json::json;
use tower::{Layer, Service};

use crate::wire::stateless;

/// Is counted by its key.
#[mcp::tool(idempotency = "key", timeout = "1s")]
async fn once(key: String) -> String {
    key
}

/// What the author's layer does, and has seen.
#[derive(Clone, Default)]
struct Own(Arc<OwnInside>);

#[derive(Default)]
struct OwnInside {
    seen: AtomicUsize,
    refuses: AtomicBool,
    panics: AtomicBool,
    pauses: AtomicBool,
    failures: Mutex<Vec<Option<FailureKind>>>,
}

#[derive(Clone)]
struct Around {
    own: Own,
    inner: Next,
}

impl Layer<Next> for Own {
    type Service = Around;

    fn layer(&self, inner: Next) -> Around {
        Around { own: self.clone(), inner }
    }
}

impl Service<Request> for Around {
    type Response = Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Self { own, mut inner } = self.clone();
        Box::pin(async move {
            own.0.seen.fetch_add(1, Ordering::SeqCst);
            if own.0.refuses.load(Ordering::SeqCst) {
                return Err("not today".into());
            }
            assert!(!own.0.panics.load(Ordering::SeqCst), "told to");
            if own.0.pauses.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
            let response = inner.call(request).await?;
            own.0.failures.lock().unwrap().push(response.failure());
            Ok(response)
        })
    }
}

fn server(own: &Own, limits: RateLimits) -> Server {
    mcp::server!()
        .only(module_path!())
        .layer(own.clone())
        .breakers(Breaker::new())
        .rate_limits(limits)
        .build()
        .unwrap()
}

async fn call(server: &Server, key: &str) -> String {
    Client::stateless(server).call("once", json!({"key": key})).await.unwrap().text()
}

#[tokio::test(start_paused = true)]
async fn an_authors_layer_decides_of_what_is_replayed_too() {
    let own = Own::default();
    let server = server(&own, RateLimits::none());
    for _ in 0..2 {
        assert_eq!(call(&server, "a").await, "a");
    }
    own.0.refuses.store(true, Ordering::SeqCst);
    assert_eq!(call(&server, "a").await, "not today");
    assert_eq!(own.0.seen.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn what_an_authors_layer_refuses_or_breaks_is_no_failure_of_the_function_nor_its_time() {
    let own = Own::default();
    let server = server(&own, RateLimits::none());
    for of in [&own.0.refuses, &own.0.panics] {
        of.store(true, Ordering::SeqCst);
        for _ in 0..10 {
            call(&server, "a").await;
        }
        of.store(false, Ordering::SeqCst);
    }
    assert_eq!(server.breakers()[0].state, BreakerState::Closed { failures: 0 });
    own.0.pauses.store(true, Ordering::SeqCst);
    assert_eq!(call(&server, "a").await, "a");
    assert!(Client::stateless(&server).call("once", json!({})).await.unwrap().is_error());
    assert_eq!(*own.0.failures.lock().unwrap(), [None, Some(FailureKind::Input)]);
}

#[tokio::test(start_paused = true)]
async fn an_authors_layer_sees_nothing_of_a_flood() {
    let own = Own::default();
    let server = server(&own, RateLimits::none().caller(Rate::per_hour(3)));
    let peer = Peer::connection().address([192, 0, 2, 1].into());
    let message = stateless(1, "tools/list", json!({})).to_string();
    for _ in 0..100 {
        server.handle(message.as_bytes(), &peer).next().await.unwrap();
    }
    assert_eq!(own.0.seen.load(Ordering::SeqCst), 3);
}
