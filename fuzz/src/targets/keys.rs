//! Documents that an issuer publishes its keys in: whatever stands there, nobody is let in whose key does not.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::HeaderValue;
use mcp::Server;
use serde_json::json;
use tokio::runtime::Runtime;

use super::token::{Issuer, RESOURCE, encoded, now, status};

struct Tested {
    issuer: Issuer,
    server: Server,
    runtime: Runtime,
    /// Whether the true key was ever published.
    published: AtomicBool,
}

fn tested() -> &'static Tested {
    static TESTED: OnceLock<Tested> = OnceLock::new();
    TESTED.get_or_init(|| {
        let issuer = Issuer::start();
        // Asked for anew by each token.
        let server = issuer
            .server(|tokens| tokens.keys_for(Duration::ZERO, Duration::ZERO).fetch_every(Duration::ZERO));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Tested { issuer, server, runtime, published: AtomicBool::new(false) }
    })
}

pub fn run(data: &[u8]) {
    use aws_lc_rs::signature::KeyPair;
    let Tested { issuer, server, runtime, published } = tested();
    let own = encoded(issuer.pair.public_key());
    let document = String::from_utf8_lossy(data).replace("OWN", &own);
    if document.contains(&own) {
        published.store(true, Ordering::SeqCst);
    }
    *issuer.keys.lock().unwrap() = document.into_bytes();
    let now = now();
    let claims =
        json!({"iss": issuer.url, "aud": RESOURCE, "sub": "ada", "iat": now, "exp": now + 60}).to_string();
    let token = issuer.sign(br#"{"alg":"EdDSA","kid":"1"}"#, claims.as_bytes());
    let credentials = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    let status = runtime.block_on(async {
        let patience = Duration::from_secs(20);
        tokio::time::timeout(patience, status(server, credentials)).await.expect("nobody says who it is")
    });
    assert!([200, 401, 503].contains(&status), "{status}");
    assert!(status != 200 || published.load(Ordering::SeqCst), "somebody was let in without a key");
}
