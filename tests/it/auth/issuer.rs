//! An authorization server of the tests' own: it signs tokens, with code that the server under test does not use, and
//! publishes its keys over HTTP, well or badly.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub enum Signer {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

pub fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Signer {
    pub fn ec() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Ec(_) => "ES256",
            Self::Rsa(_) => "RS256",
        }
    }

    /// The public half, as it is published.
    pub fn public(&self, kid: &str) -> Value {
        match self {
            Self::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "x": encoded(x), "y": encoded(y), "kid": kid, "use": "sig"})
            }
            Self::Rsa(pair) => {
                let n = pair.public_key().modulus().big_endian_without_leading_zero().to_vec();
                let e = pair.public_key().exponent().big_endian_without_leading_zero().to_vec();
                json!({"kty": "RSA", "n": encoded(n), "e": encoded(e), "kid": kid, "alg": "RS256", "use": "sig"})
            }
        }
    }

    /// The public half as anybody can compute it, for those who take it for a secret.
    pub fn public_bytes(&self) -> Vec<u8> {
        match self {
            Self::Ec(pair) => pair.public_key().as_ref().to_vec(),
            Self::Rsa(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    pub fn sign(&self, head: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", encoded(head.to_string()), encoded(claims.to_string()));
        let signature = match self {
            Self::Ec(pair) => pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
                    .unwrap();
                signature
            }
        };
        format!("{signed}.{}", encoded(signature))
    }
}

/// How it answers whoever asks for its keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    Well,
    Broken,
    NoJson,
    Huge,
    Endless,
    Silent,
    Redirect,
    AnothersName,
    NoKeys,
}

pub struct Published {
    pub keys: Vec<Value>,
    pub manner: Manner,
}

pub struct Issuer {
    pub url: String,
    pub signer: Signer,
    pub kid: String,
    pub published: Arc<Mutex<Published>>,
    /// How often its keys were asked for.
    pub asked: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone)]
struct Answering {
    url: String,
    published: Arc<Mutex<Published>>,
    asked: Arc<AtomicUsize>,
}

async fn answer(State(state): State<Answering>, request: Request) -> Response {
    let json = |value: Value| Response::new(Body::from(value.to_string()));
    let status = |status: u16| Response::builder().status(status).body(Body::empty()).unwrap();
    let (manner, keys) = {
        let published = state.published.lock().unwrap();
        (published.manner, published.keys.clone())
    };
    match request.uri().path() {
        "/.well-known/openid-configuration" => {
            let name =
                if manner == Manner::AnothersName { "http://127.0.0.1:1".into() } else { state.url.clone() };
            json(json!({"issuer": name, "jwks_uri": format!("{}/keys", state.url)}))
        }
        "/keys" => {
            state.asked.fetch_add(1, Ordering::SeqCst);
            let good = json!({"keys": keys});
            match manner {
                Manner::Well | Manner::AnothersName => json(good),
                Manner::Broken => status(500),
                Manner::NoJson => Response::new(Body::from("<html>")),
                Manner::Huge => {
                    let mut huge = good;
                    huge["padding"] = "x".repeat(1 << 20).into();
                    json(huge)
                }
                Manner::Endless => {
                    let chunk =
                        || futures::future::ready(Some((Ok::<_, std::io::Error>(" ".repeat(4096)), ())));
                    Response::new(Body::from_stream(futures::stream::unfold((), move |()| chunk())))
                }
                Manner::Silent => std::future::pending().await,
                Manner::Redirect => Response::builder()
                    .status(302)
                    .header("location", "/elsewhere")
                    .body(Body::empty())
                    .unwrap(),
                Manner::NoKeys => {
                    json(json!({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "k1"}, 5, {"kty": "XX"}]}))
                }
            }
        }
        "/elsewhere" => json(json!({"keys": keys})),
        _ => status(404),
    }
}

impl Issuer {
    pub async fn start() -> Self {
        Self::with(Signer::ec()).await
    }

    pub async fn with(signer: Signer) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let published = Published { keys: vec![signer.public("k1")], manner: Manner::Well };
        let published = Arc::new(Mutex::new(published));
        let asked = Arc::<AtomicUsize>::default();
        let state = Answering { url: url.clone(), published: published.clone(), asked: asked.clone() };
        let router = axum::Router::new().fallback(answer).with_state(state);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, signer, kid: "k1".into(), published, asked, task }
    }

    pub fn behaves(&self, manner: Manner) {
        self.published.lock().unwrap().manner = manner;
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Takes another key, and publishes only that.
    pub fn rotate(&mut self, kid: &str) {
        self.signer = Signer::ec();
        self.kid = kid.into();
        self.published.lock().unwrap().keys = vec![self.signer.public(kid)];
    }

    /// It cannot be reached any more.
    pub async fn die(&self) {
        self.task.abort();
        while !self.task.is_finished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub fn head(&self) -> Value {
        json!({"alg": self.signer.algorithm(), "kid": self.kid, "typ": "at+jwt"})
    }

    pub fn claims(&self, audience: &str, scopes: &str) -> Value {
        let now = now();
        json!({
            "iss": self.url, "sub": "ada", "aud": audience, "client_id": "app", "scope": scopes,
            "iat": now, "exp": now + 300, "department": "engines",
        })
    }

    /// A good token.
    pub fn token(&self, audience: &str, scopes: &str) -> String {
        self.signer.sign(&self.head(), &self.claims(audience, scopes))
    }

    /// A good token, but for what is changed: a member that becomes null is left out.
    pub fn token_but(&self, audience: &str, change: Value) -> String {
        let mut claims = self.claims(audience, "orders:read");
        for (name, value) in change.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        self.signer.sign(&self.head(), &claims)
    }
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
