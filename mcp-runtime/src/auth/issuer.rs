//! An authorization server: where it publishes its keys (RFC 8414, OpenID Connect Discovery), and these (RFC 7517).
//!
//! What it publishes is foreign: it is bounded, and what does not fit is left out or refused. What a token says of keys is
//! not looked at here: no URI of a token is ever fetched.

use std::sync::Arc;

use http::Uri;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

use super::fetch::Fetcher;
use super::jwt::{Algorithm, Family};
use crate::transport::http::{is_loopback, secure};

/// So many keys of an issuer are used at most.
const MOST_KEYS: usize = 64;

/// An authorization server.
#[derive(Clone)]
pub(super) struct Issuer {
    name: String,
    /// Where its keys are, where that need not be found out.
    pub(super) keys_at: Option<String>,
    fetcher: Result<Fetcher, String>,
}

/// What is read of its metadata.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

/// What is read of its keys.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// A public key.
#[derive(Clone)]
pub(super) struct Key(Arc<Named>);

struct Named {
    name: Option<String>,
    family: Family,
    /// The one algorithm that it is for.
    only: Option<Algorithm>,
    key: DecodingKey,
}

impl Issuer {
    pub(super) fn new(name: String) -> Self {
        Self { name, keys_at: None, fetcher: Fetcher::new() }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What is wrong with how it was named.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> = self.fetcher.as_ref().err().cloned().into_iter().collect();
        if let Some(uri) = &self.keys_at
            && let Err(problem) = secure(uri)
        {
            problems.push(format!("the keys' URI {uri:?} {problem}"));
        }
        problems
    }

    /// The keys that it publishes now.
    pub(super) async fn keys(&self) -> Result<Vec<Key>, String> {
        let at = match &self.keys_at {
            Some(at) => at.clone(),
            None => self.discover().await?,
        };
        let uri = self.may_be_fetched(&at)?;
        let document = self.fetcher.as_ref().map_err(Clone::clone)?.get(uri).await;
        let document = document.map_err(|problem| format!("{at}: {problem}"))?;
        let set: KeySet = serde_json::from_slice(&document).map_err(|_| format!("{at}: no set of keys"))?;
        let keys: Vec<Key> = set.keys.iter().filter_map(Key::read).take(MOST_KEYS).collect();
        if keys.is_empty() { Err(format!("{at}: no key that can be used")) } else { Ok(keys) }
    }

    /// Where it says that its keys are.
    async fn discover(&self) -> Result<String, String> {
        let mut problems = Vec::new();
        for at in self.metadata_at() {
            let uri = self.may_be_fetched(&at)?;
            let found = self.fetcher.as_ref().map_err(Clone::clone)?.get(uri).await;
            let problem = match found.map(|document| serde_json::from_slice::<Metadata>(&document)) {
                Ok(Ok(metadata)) if metadata.issuer == self.name => return Ok(metadata.jwks_uri),
                // Whoever speaks in another's name is not believed in anything.
                Ok(Ok(_)) => format!("{at}: it names another issuer"),
                Ok(Err(_)) => format!("{at}: no metadata of an authorization server"),
                Err(problem) => format!("{at}: {problem}"),
            };
            problems.push(problem);
        }
        Err(problems.join("; "))
    }

    /// In the order of the specification, "Authorization Server Metadata Discovery".
    fn metadata_at(&self) -> Vec<String> {
        let start = self.name.find("://").map_or(0, |at| at + 3);
        let end =
            self.name.get(start..).and_then(|rest| rest.find('/')).map_or(self.name.len(), |at| start + at);
        let (origin, path) = self.name.split_at(end);
        let path = path.trim_end_matches('/');
        let mut all = vec![
            format!("{origin}/.well-known/oauth-authorization-server{path}"),
            format!("{origin}/.well-known/openid-configuration{path}"),
        ];
        if !path.is_empty() {
            all.push(format!("{origin}{path}/.well-known/openid-configuration"));
        }
        all
    }

    /// An issuer elsewhere cannot send us to a program on this machine.
    fn may_be_fetched(&self, uri: &str) -> Result<Uri, String> {
        // Some issuers have a query there; what else is wrong with it stays wrong.
        let parsed = secure(uri.split('?').next().unwrap_or_default())
            .map_err(|problem| format!("{uri:?} {problem}"))?;
        let local = |uri: &Uri| uri.host().is_some_and(is_loopback);
        let own = self.name.parse::<Uri>().is_ok_and(|own| local(&own));
        if local(&parsed) && !own {
            return Err(format!("{uri:?} is on this machine, and the issuer is not"));
        }
        uri.parse().map_err(|_| format!("{uri:?} is not a URI"))
    }
}

impl Key {
    /// A key of a set, if it is a public one that signs. A secret in public is none.
    fn read(key: &Value) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        if text("use").is_some_and(|what_for| what_for != "sig") {
            return None;
        }
        let operations = key.get("key_ops").and_then(Value::as_array);
        if operations.is_some_and(|operations| !operations.iter().any(|operation| operation == "verify")) {
            return None;
        }
        let (family, decoded) = match (text("kty")?, text("crv")) {
            ("RSA", _) => (Family::Rsa, DecodingKey::from_rsa_components(text("n")?, text("e")?)),
            ("EC", Some("P-256")) => (Family::P256, DecodingKey::from_ec_components(text("x")?, text("y")?)),
            ("EC", Some("P-384")) => (Family::P384, DecodingKey::from_ec_components(text("x")?, text("y")?)),
            ("OKP", Some("Ed25519")) => (Family::Ed25519, DecodingKey::from_ed_components(text("x")?)),
            _ => return None,
        };
        let only = match text("alg") {
            Some(name) => Some(Algorithm::named(name)?),
            None => None,
        };
        let name = text("kid").map(str::to_owned);
        Some(Self(Arc::new(Named { name, family, only, key: decoded.ok()? })))
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        algorithm.family() == self.0.family && self.0.only.is_none_or(|only| only == algorithm)
    }

    /// Whether this key made the signature. A key of another kind made none.
    pub(super) fn made(&self, signature: &[u8], message: &[u8], algorithm: Algorithm) -> bool {
        self.fits(algorithm) && algorithm.verify(&self.0.key, signature, message)
    }
}
