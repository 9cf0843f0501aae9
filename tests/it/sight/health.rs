//! Whether the server lives, and whether it is ready, as orchestrators ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp::http::{Exposure, unauthenticated};
use mcp::{ReadyState, Server};
use serde_json::json;
use tokio::sync::oneshot;

use super::builder;
use crate::http::send;
use crate::wire::serve_http;

async fn at(server: &Server, path: &str) -> String {
    serve_http(server).await.replace("/mcp", path)
}

#[tokio::test]
async fn a_server_lives_and_is_ready_whatever_host_it_is_asked_by() {
    let exposure = Exposure::public(["mcp.example.com"], [""; 0], unauthenticated());
    for server in [builder().build().unwrap(), builder().exposure(exposure).build().unwrap()] {
        for (path, status) in [("/health", "alive"), ("/ready", "ready")] {
            let answer = send(&at(&server, path).await, "GET", &[("host", "10.1.2.3:8080")], "").await;
            assert_eq!((answer.status, &answer.body), (200, &json!({"status": status})));
            assert_eq!(answer.headers["cache-control"], "no-store");
            assert_eq!(send(&at(&server, path).await, "POST", &[], "").await.status, 405);
        }
    }
}

#[tokio::test]
async fn a_check_that_fails_makes_it_503_and_one_that_is_degraded_does_not() {
    let server = builder()
        .ready_check("db", || async { Ok::<_, std::io::Error>(()) })
        .ready_check("cache", || async { ReadyState::degraded("one replica") })
        .build()
        .unwrap();
    let answer = send(&at(&server, "/ready").await, "GET", &[], "").await;
    let checks = json!({"db": {"status": "ready"}, "cache": {"status": "degraded", "detail": "one replica"}});
    assert_eq!((answer.status, answer.body), (200, json!({"status": "degraded", "checks": checks})));

    let failing = || builder().ready_check("db", || async { Err::<(), _>("no connection to 10.0.0.9") });
    let answer = send(&at(&failing().build().unwrap(), "/ready").await, "GET", &[], "").await;
    let checks = json!({"db": {"status": "failed", "detail": "no connection to 10.0.0.9"}});
    assert_eq!((answer.status, answer.body), (503, json!({"status": "failed", "checks": checks})));

    // Nor does a web page whose name leads here.
    for headers in [("host", "evil.example.com"), ("origin", "https://evil.example.com")] {
        let answer = send(&at(&failing().build().unwrap(), "/ready").await, "GET", &[headers], "").await;
        assert_eq!((answer.status, answer.body), (503, json!({"status": "failed"})), "{headers:?}");
    }

    // On the internet nobody need know why.
    let exposure = Exposure::public(["mcp.example.com"], [""; 0], unauthenticated());
    let public = failing().exposure(exposure).build().unwrap();
    let answer = send(&at(&public, "/ready").await, "GET", &[], "").await;
    assert_eq!((answer.status, answer.body), (503, json!({"status": "failed"})));
    assert_eq!(send(&at(&public, "/health").await, "GET", &[], "").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_or_panics_has_failed() {
    let server = builder()
        .ready_check("hangs", std::future::pending::<()>)
        .ready_check("panics", || async {
            if true {
                panic!("on purpose")
            }
        })
        .ready_check("works", || async {})
        .build()
        .unwrap();
    let readiness = server.readiness().await;
    assert!(!readiness.is_ready());
    let detail = |check: &str| readiness.checks[check].detail.clone().unwrap_or_default();
    assert_eq!(detail("hangs"), "it did not answer within 2s");
    assert_eq!(detail("panics"), "it panicked; the panic's message is on standard error");
    assert_eq!(readiness.checks["works"].status, "ready");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_probes_is_no_flood_of_checks() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let server = builder()
        .ready_check("db", move || {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(500))
        })
        .build()
        .unwrap();
    // Those who go away before it is answered start it no more often than those who wait.
    for _ in 0..100 {
        assert!(tokio::time::timeout(Duration::from_millis(1), server.readiness()).await.is_err());
    }
    for _ in 0..100 {
        assert!(server.readiness().await.is_ready());
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(server.readiness().await.is_ready());
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_server_that_ends_is_not_ready() {
    let server = builder().build().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (end, ended) = oneshot::channel::<()>();
    let serving = server.clone();
    let served = tokio::spawn(async move {
        let shutdown = async { drop(ended.await) };
        serving.serve_http_on(listener, shutdown).await
    });
    assert!(server.readiness().await.is_ready());
    end.send(()).unwrap();
    served.await.unwrap().unwrap();
    let readiness = server.readiness().await;
    assert_eq!((readiness.status, readiness.is_ready()), ("stopping", false));
}

#[tokio::test]
async fn the_endpoint_of_the_server_goes_before() {
    let server = builder().path("/health").build().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/health", listener.local_addr().unwrap());
    tokio::spawn(async move { server.serve_http_on(listener, std::future::pending()).await });
    // There is no session to listen to, which only the endpoint says.
    let answer = send(&url, "GET", &[("accept", "text/event-stream")], "").await;
    assert_eq!((answer.status, answer.code()), (400, -32600));
}
