//! Credentials: what stands in `Authorization`, and what a token with a good signature says. Nobody is let in who does not
//! hold one that says what a token must say.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::Full;
use mcp::auth::Jwt;
use mcp::http::Exposure;
use mcp::{RateLimits, Server};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// Does nothing.
#[mcp::tool]
async fn nothing() {}

pub const RESOURCE: &str = "https://mcp.example.com/mcp";

pub fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An issuer that publishes whatever it is told to, at a port of this machine, and never ends.
pub struct Issuer {
    pub url: String,
    pub keys: Arc<Mutex<Vec<u8>>>,
    pub pair: Ed25519KeyPair,
}

impl Issuer {
    pub fn start() -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let keys = Arc::new(Mutex::new(Vec::new()));
        let published = keys.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let _ = stream.read(&mut [0; 4096]);
                let body = published.lock().unwrap().clone();
                let head =
                    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
                let _ = stream.write_all(&[head.as_bytes(), &body].concat());
            }
        });
        Self { url, keys, pair }
    }

    /// The key that it signs with, as it is published.
    pub fn key(&self) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": encoded(self.pair.public_key())})
    }

    pub fn sign(&self, head: &[u8], claims: &[u8]) -> String {
        let signed = format!("{}.{}", encoded(head), encoded(claims));
        let signature = encoded(self.pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// A server that takes its tokens.
    pub fn server(&self, change: impl FnOnce(Jwt) -> Jwt) -> Server {
        let tokens = change(Jwt::new(&self.url, RESOURCE).jwks_uri(format!("{}/keys", self.url)));
        let exposure = Exposure::public(["mcp.example.com"], [""; 0], tokens);
        mcp::server!()
            .explicit()
            .tool::<nothing>()
            .exposure(exposure)
            .rate_limits(RateLimits::none())
            .build()
            .unwrap()
    }
}

/// The status of a request with these credentials.
pub async fn status(server: &Server, credentials: HeaderValue) -> u16 {
    let message = super::ready::stateless("tools/list", json!({})).to_string();
    let request =
        Request::post("/mcp").header("host", "mcp.example.com").header("content-type", "application/json");
    let request = request.header("mcp-protocol-version", "2026-07-28").header("mcp-method", "tools/list");
    let request = request.header("authorization", credentials).body(Full::new(Bytes::from(message))).unwrap();
    server.http_service().oneshot(request).await.unwrap().status().as_u16()
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

struct Tested {
    issuer: Issuer,
    server: Server,
    /// The keys are fetched over a network, so time is what it is.
    runtime: Runtime,
}

fn tested() -> &'static Tested {
    static TESTED: OnceLock<Tested> = OnceLock::new();
    TESTED.get_or_init(|| {
        let issuer = Issuer::start();
        *issuer.keys.lock().unwrap() = json!({"keys": [issuer.key()]}).to_string().into_bytes();
        let server = issuer.server(|tokens| tokens);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Tested { issuer, server, runtime }
    })
}

/// What of a token's head lets nobody in.
#[derive(serde::Deserialize)]
struct Head {
    alg: String,
    crit: Option<serde::de::IgnoredAny>,
}

/// Whether claims may let somebody in, told in the plainest way.
fn good(claims: &Value, issuer: &str, now: u64) -> bool {
    let number = |name: &str| claims[name].as_f64();
    let (now, leeway) = (now as f64, 31.0);
    let texts = |value: &Value| match value {
        Value::Array(several) => several.clone(),
        one => vec![one.clone()],
    };
    claims["iss"] == issuer
        && texts(&claims["aud"]).iter().any(|aud| aud == RESOURCE)
        && number("exp").is_some_and(|exp| exp + leeway > now)
        && number("iat").is_some_and(|iat| iat <= now + leeway && iat + 86_400.0 + leeway > now)
        && number("nbf").is_none_or(|nbf| nbf <= now + leeway)
        && claims["sub"].as_str().is_some_and(|sub| !sub.is_empty())
}

pub fn run(data: &[u8]) {
    let Tested { issuer, server, runtime } = tested();
    let [kind, data @ ..] = data else { return };
    let now = now();
    // So that a corpus keeps its worth from day to day, and from port to port.
    let text = String::from_utf8_lossy(data).replace("NOW", &now.to_string()).replace("ISSUER", &issuer.url);
    let usual = br#"{"alg":"EdDSA","kid":"1"}"#;
    let credentials = match kind {
        b'c' => format!("Bearer {}", issuer.sign(usual, text.as_bytes())).into_bytes(),
        b'h' => {
            let claims =
                json!({"iss": issuer.url, "aud": RESOURCE, "sub": "ada", "iat": now, "exp": now + 60});
            format!("Bearer {}", issuer.sign(text.as_bytes(), claims.to_string().as_bytes())).into_bytes()
        }
        _ => data.to_vec(),
    };
    let Ok(credentials) = HeaderValue::from_bytes(&credentials) else { return };
    let first = runtime.block_on(async {
        let patience = Duration::from_secs(10);
        tokio::time::timeout(patience, status(server, credentials)).await.expect("nobody says who it is")
    });
    assert!([200, 400, 401, 503].contains(&first), "{first}");
    let may = match kind {
        b'c' => serde_json::from_str(&text).is_ok_and(|claims| good(&claims, &issuer.url, now)),
        b'h' => serde_json::from_str::<Head>(&text)
            .is_ok_and(|head| ["EdDSA", "Ed25519"].contains(&&*head.alg) && head.crit.is_none()),
        _ => false,
    };
    assert!(first != 200 || may, "somebody was let in with {text}");
}
