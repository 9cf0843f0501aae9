//! Tokens of an OAuth 2.1 issuer, as a resource server takes them.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::bearer::{Shown, bearer};
use super::claims::Expected;
use super::issuer::Issuer;
use super::keys::{Keys, NoKey};
use crate::http::{Authenticate, Challenge, ProtectedResource};
use crate::model::Principal;

/// Lets in whoever shows a token that an OAuth 2.1 authorization server signed for this server: a JWT (RFC 9068), as
/// `Authorization: Bearer …`.
///
/// ```
/// use mcp::auth::Jwt;
/// use mcp::http::Exposure;
///
/// let tokens = Jwt::new("https://login.example.com", "https://mcp.example.com/mcp").scopes(["orders:read"]);
/// let exposure = Exposure::public(["mcp.example.com"], [""; 0], tokens);
/// ```
///
/// Always checked, and not to be switched off: the signature, by a public key of the issuer; the issuer; the audience, which
/// is the URI of this server (specification, "Token Audience Binding and Validation"); that the token has not expired, holds
/// already, and is not older than [`max_age`](Self::max_age). A token that lacks one of these claims is refused.
///
/// The keys are found by the issuer's metadata (RFC 8414, OpenID Connect Discovery), fetched over HTTPS when they are first
/// needed, and again when they are 15 minutes old or a token names a key that is not among them, but every 10 seconds at
/// most. While the issuer cannot be reached they are good for a day; whoever comes first after nobody came for long waits
/// until they are fetched. Where there are none yet, callers are told with 503 to come back.
///
/// The issuer's certificate must be of an authority that Mozilla trusts. `http://` is for issuers on this machine only.
pub struct Jwt {
    protected: ProtectedResource,
    algorithms: Vec<Algorithm>,
    expected: Expected,
    keys: Keys,
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt").field("expected", &self.expected).finish_non_exhaustive()
    }
}

impl Jwt {
    /// Takes tokens that `issuer` signed for `resource`, the URI by which clients know this server, as in
    /// `https://mcp.example.com/mcp`.
    ///
    /// The issuer is compared with what tokens say as it is written, to the last slash.
    pub fn new(issuer: impl Into<String>, resource: impl Into<String>) -> Self {
        let (issuer, resource) = (issuer.into(), resource.into());
        let mut audiences = vec![resource.clone()];
        // Clients that handle URIs as browsers do write the root with its slash.
        let path =
            resource.find("://").and_then(|at| resource.get(at + 3..)?.find('/').map(|path| at + 3 + path));
        match path {
            None => audiences.push(format!("{resource}/")),
            Some(path) if path + 1 == resource.len() => audiences.push(resource.trim_end_matches('/').into()),
            Some(_) => {}
        }
        Self {
            protected: ProtectedResource::new(resource, [issuer.clone()]),
            algorithms: Algorithm::ALL.to_vec(),
            expected: Expected {
                issuer: issuer.clone(),
                audiences,
                leeway: Duration::from_secs(30),
                max_age: Duration::from_secs(24 * 60 * 60),
            },
            keys: Keys::new(Issuer::new(issuer)),
        }
    }

    /// What a client should ask for at first. It is published, and stands in the challenge of 401; what a function needs
    /// beyond it is asked for when it is called.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.protected = self.protected.scopes(scopes);
        self
    }

    /// What is published of this server beside, such as its name.
    ///
    /// ```
    /// # use mcp::auth::Jwt;
    /// let tokens = Jwt::new("https://login.example.com", "https://mcp.example.com/mcp")
    ///     .published(|resource| resource.name("Orders").documentation("https://example.com/orders"));
    /// ```
    #[must_use]
    pub fn published(mut self, change: impl FnOnce(ProtectedResource) -> ProtectedResource) -> Self {
        self.protected = change(self.protected);
        self
    }

    /// Another name that the issuer has for this server, for issuers that cannot put its URI into tokens. No other server
    /// may have it: whoever has a token for that one is let in here.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.expected.audiences.push(audience.into());
        self
    }

    /// Where the issuer's keys are, for issuers that publish no metadata.
    #[must_use]
    pub fn jwks_uri(mut self, uri: impl Into<String>) -> Self {
        self.keys.issuer.keys_at = Some(uri.into());
        self
    }

    /// The algorithms that a token may be signed with: all of [`Algorithm`] by default.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// How old a token may be, whatever it says of its expiry: a day by default.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.expected.max_age = age;
        self
    }

    /// How far the clocks of the issuer and of this machine may be apart: 30 seconds by default, 5 minutes at most.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.expected.leeway = leeway.min(Duration::from_secs(300));
        self
    }

    /// After how long the issuer's keys are fetched anew, 15 minutes by default; and for how long they are good while that
    /// fails, a day by default.
    #[must_use]
    pub fn keys_for(mut self, fresh: Duration, stale: Duration) -> Self {
        self.keys.times.fresh = fresh;
        self.keys.times.stale = stale.max(fresh);
        self
    }

    /// How often the issuer's keys are fetched at most, whatever tokens say: every 10 seconds by default.
    #[must_use]
    pub fn fetch_every(mut self, at_most: Duration) -> Self {
        self.keys.times.cooldown = at_most;
        self
    }

    async fn verify(&self, token: &str) -> Result<Principal, Refused> {
        let mut parts = token.split('.');
        let (Some(head), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refused::Invalid("this is no token of ours: it does not have three parts"));
        };
        let unreadable = |_| Refused::Invalid("the token cannot be read");
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(unreadable);
        let read: Head = serde_json::from_slice(&decode(head)?)
            .map_err(|_| unreadable(base64::DecodeError::InvalidPadding))?;
        let algorithm = Algorithm::named(&read.alg).filter(|algorithm| self.algorithms.contains(algorithm));
        let algorithm = algorithm
            .ok_or(Refused::Invalid("the token is not signed with an algorithm that is taken here"))?;
        if read.crit.is_some() {
            return Err(Refused::Invalid("the token asks for something that is not known here"));
        }
        // Other things that an issuer signs are no tokens, though they name an audience.
        const TYPES: [&str; 4] = ["jwt", "at+jwt", "application/jwt", "application/at+jwt"];
        if read.typ.is_some_and(|typ| !TYPES.contains(&typ.to_ascii_lowercase().as_str())) {
            return Err(Refused::Invalid("this is not an access token"));
        }
        let (payload, signature) = (decode(payload)?, decode(signature)?);
        let key = self.keys.find(read.kid.as_deref(), algorithm).await.map_err(|none| match none {
            NoKey::Unknown => {
                Refused::Invalid("the token is signed with a key that the issuer does not have")
            }
            NoKey::Unavailable => Refused::Unavailable,
        })?;
        let signed = token.rsplit_once('.').map_or("", |(signed, _)| signed);
        if !key.made(&signature, signed.as_bytes(), algorithm) {
            return Err(Refused::Invalid("the token's signature is wrong"));
        }
        self.expected.principal(&payload, SystemTime::now()).map_err(Refused::Invalid)
    }
}

/// Why a token was not taken.
enum Refused {
    Invalid(&'static str),
    /// Nobody knows whether it is good.
    Unavailable,
}

/// What is read of a token's head. What it says of where keys are is not.
#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
}

impl Authenticate for Jwt {
    async fn authenticate(&self, request: &Parts) -> Result<Principal, Challenge> {
        let token = match bearer(request) {
            Shown::Nothing => return Err(self.protected.unauthorized()),
            Shown::Malformed(why) => return Err(self.protected.invalid_request(why)),
            Shown::Credential(token) => token,
        };
        self.verify(token).await.map_err(|refused| match refused {
            Refused::Invalid(why) => {
                tracing::debug!(why, "a token was refused");
                self.protected.invalid_token(why)
            }
            Refused::Unavailable => Challenge::unavailable(self.keys.times.cooldown),
        })
    }

    fn protected_resource(&self) -> Option<ProtectedResource> {
        Some(self.protected.clone())
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = self.keys.issuer.problems();
        if self.algorithms.is_empty() {
            problems.push("without an algorithm no token can be taken".into());
        }
        if self.expected.audiences.iter().any(String::is_empty) {
            problems.push("the audience of a token has a name".into());
        }
        problems
    }
}

/// How a token may be signed: with a private key of which everybody may know the public half. Shared secrets (HMAC) and
/// unsigned tokens cannot be expressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256; keys of 2048 bits at least, as for all of RSA.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

/// What kind of key an algorithm takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl Algorithm {
    const ALL: [Self; 9] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// The algorithm of this name (RFC 7518, RFC 8037, RFC 9864).
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "PS256" => Self::Ps256,
            "PS384" => Self::Ps384,
            "PS512" => Self::Ps512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "EdDSA" | "Ed25519" => Self::EdDsa,
            _ => return None,
        })
    }

    pub(super) fn family(self) -> Family {
        match self {
            Self::Es256 => Family::P256,
            Self::Es384 => Family::P384,
            Self::EdDsa => Family::Ed25519,
            _ => Family::Rsa,
        }
    }

    /// Whether a signature is that of the key.
    ///
    /// The provider is named, because `jsonwebtoken` has none where a program has two, and panics.
    pub(super) fn verify(self, key: &DecodingKey, signature: &[u8], message: &[u8]) -> bool {
        use jsonwebtoken::Algorithm as Known;
        let known = match self {
            Self::Rs256 => Known::RS256,
            Self::Rs384 => Known::RS384,
            Self::Rs512 => Known::RS512,
            Self::Ps256 => Known::PS256,
            Self::Ps384 => Known::PS384,
            Self::Ps512 => Known::PS512,
            Self::Es256 => Known::ES256,
            Self::Es384 => Known::ES384,
            Self::EdDsa => Known::EdDSA,
        };
        let verifier = (DEFAULT_PROVIDER.verifier_factory)(&known, key);
        verifier.is_ok_and(|verifier| verifier.verify(message, &signature.to_vec()).is_ok())
    }
}
