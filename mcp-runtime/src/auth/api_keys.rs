//! Static API keys: one secret for each caller, known to the server as a digest only.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, SystemTime};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use http::HeaderName;
use http::request::Parts;
use tokio::time::Instant;

use super::bearer::{Shown, bearer_of, single};
use crate::http::{Authenticate, Challenge};
use crate::model::{Principal, is_scope};

/// Lets in whoever shows a key that he was given, for callers that are programs of yours. People should come with
/// [tokens](super::Jwt).
///
/// ```
/// use mcp::auth::ApiKeys;
/// use mcp::http::Exposure;
///
/// # let (secret, next) = ("sk-8d1f0c7e5a2b49", "sk-1c4e9b7a3f6d20");
/// let keys = ApiKeys::new().header("x-api-key").key("nightly", secret, ["orders:read"]);
/// let exposure = Exposure::public(["mcp.example.com"], [""; 0], keys.clone());
/// // Later, while the server runs: the old key is good for five minutes more.
/// keys.rotate("nightly", next)?;
/// # Ok::<_, mcp::auth::ApiKeyError>(())
/// ```
///
/// Of a key only a digest is kept (HMAC-SHA-256 under a secret of this process), and every key is compared with all of them,
/// in a time that tells nothing. Cloning is cheap; clones share the keys.
#[derive(Clone)]
pub struct ApiKeys {
    /// `Authorization: Bearer`, where it is not named.
    header: Option<HeaderName>,
    grace: Duration,
    digester: Option<Arc<hmac::Key>>,
    held: Arc<RwLock<Vec<Held>>>,
    problems: Vec<String>,
}

/// A key as it is kept.
struct Held {
    digest: hmac::Tag,
    principal: Principal,
    /// Until when it is good, once there is a newer one.
    until: Option<(Instant, SystemTime)>,
}

/// Why a key was not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiKeyError {
    /// Nobody of this name has a key.
    Unknown {
        /// The name that was given.
        name: String,
    },
    /// The key is shorter than 16 characters, or has characters that cannot stand in a header.
    Unusable {
        /// Whose key it was to be.
        name: String,
    },
    /// The environment has no such variable, or it cannot be understood.
    Environment {
        /// The variable.
        variable: String,
    },
}

impl fmt::Display for ApiKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name } => write!(f, "{name:?} has no API key"),
            Self::Unusable { name } => {
                write!(
                    f,
                    "the API key of {name:?} must have {SHORTEST} characters of ASCII at least, without spaces"
                )
            }
            Self::Environment { variable } => write!(
                f,
                "the variable {variable} must have API keys, as in \"nightly=KEY orders:read orders:write; ci=KEY\""
            ),
        }
    }
}

impl std::error::Error for ApiKeyError {}

/// A key that can be guessed is none.
const SHORTEST: usize = 16;

/// Who vouches for callers with keys.
const ISSUER: &str = "api-key";

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeys")
            .field("header", &self.header)
            .field("grace", &self.grace)
            .finish_non_exhaustive()
    }
}

impl Default for ApiKeys {
    fn default() -> Self {
        Self::new()
    }
}

impl ApiKeys {
    /// No keys yet; they are shown as `Authorization: Bearer …`.
    pub fn new() -> Self {
        let mut secret = [0; 32];
        let digester = getrandom::fill(&mut secret).map(|()| hmac::Key::new(hmac::HMAC_SHA256, &secret));
        Self {
            header: None,
            grace: Duration::from_secs(300),
            digester: digester.ok().map(Arc::new),
            held: Arc::default(),
            problems: Vec::new(),
        }
    }

    /// The keys in a variable of the environment: `name=KEY scope scope`, several of them with `;` between.
    ///
    /// # Errors
    ///
    /// Where the variable is not there, or is something else. What it holds is not repeated.
    pub fn from_env(variable: &str) -> Result<Self, ApiKeyError> {
        let text = std::env::var(variable).ok();
        let keys = text.and_then(|text| Self::read(&text));
        keys.ok_or_else(|| ApiKeyError::Environment { variable: variable.to_owned() })
    }

    /// The keys in a text of the same form.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut keys = Self::new();
        for entry in text.split([';', '\n']).map(str::trim).filter(|entry| !entry.is_empty()) {
            let (name, rest) = entry.split_once('=')?;
            let mut words = rest.split_whitespace();
            let key = words.next()?;
            keys = keys.key(name.trim(), key, words);
        }
        Some(keys)
    }

    /// Gives a caller his key, and says what he may do. One who has a key already gets this one in its place.
    #[must_use]
    pub fn key<S: Into<String>>(
        self,
        name: impl Into<String>,
        key: impl AsRef<str>,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        self.key_of(Principal::new(ISSUER, name).with_scopes(scopes), key)
    }

    /// The same for a caller of whom more is to be said, such as [claims](Principal::with_claims).
    #[must_use]
    pub fn key_of(mut self, principal: Principal, key: impl AsRef<str>) -> Self {
        let name = principal.subject().unwrap_or_default().to_owned();
        for scope in principal.scopes().filter(|scope| !is_scope(scope)) {
            self.problems.push(format!("{scope:?}, which {name:?} is to have, is not a scope"));
        }
        match self.digest(&name, key.as_ref()) {
            Err(problem) => self.problems.push(problem.to_string()),
            Ok(_) if name.is_empty() => {
                self.problems.push("an API key belongs to somebody with a name".into())
            }
            Ok(digest) => {
                let mut held = self.held();
                held.retain(|held| held.principal.subject() != Some(&name));
                held.push(Held { digest, principal, until: None });
            }
        }
        self
    }

    /// The header that has the key, such as `x-api-key`, in place of `Authorization: Bearer`. No function sees it.
    #[must_use]
    pub fn header(mut self, name: &str) -> Self {
        match name.parse() {
            Ok(name) => self.header = Some(name),
            Err(_) => self.problems.push(format!("{name:?} is not the name of a header")),
        }
        self
    }

    /// For how long an old key is good when there is a new one: 5 minutes by default.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Gives a caller a new key. The old one is good for the [grace](Self::grace) period; one that was older still is no
    /// good from now on.
    ///
    /// # Errors
    ///
    /// Where nobody of this name has a key, or the new one cannot be used. Then nothing has changed.
    pub fn rotate(&self, name: &str, key: &str) -> Result<(), ApiKeyError> {
        let digest = self.digest(name, key)?;
        let mut held = self.held();
        let current = held.iter().find(|held| held.is_of(name) && held.until.is_none());
        let principal = current.map(|held| held.principal.clone());
        let principal = principal.ok_or_else(|| ApiKeyError::Unknown { name: name.into() })?;
        held.retain(|held| !held.is_of(name) || held.until.is_none());
        let until = Instant::now().checked_add(self.grace).zip(SystemTime::now().checked_add(self.grace));
        held.iter_mut().filter(|held| held.is_of(name)).for_each(|held| held.until = until);
        held.push(Held { digest, principal, until: None });
        Ok(())
    }

    /// Takes all keys of a caller away, at once. `false` where he has none.
    pub fn revoke(&self, name: &str) -> bool {
        let mut held = self.held();
        let before = held.len();
        held.retain(|held| !held.is_of(name));
        held.len() < before
    }

    fn held(&self) -> RwLockWriteGuard<'_, Vec<Held>> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn digest(&self, name: &str, key: &str) -> Result<hmac::Tag, ApiKeyError> {
        let usable = key.len() >= SHORTEST && key.bytes().all(|byte| byte.is_ascii_graphic());
        let digester = self.digester.as_ref().filter(|_| usable);
        let digester = digester.ok_or_else(|| ApiKeyError::Unusable { name: name.into() })?;
        Ok(hmac::sign(digester, key.as_bytes()))
    }

    /// Whose key it is.
    fn owner(&self, key: &str) -> Option<Principal> {
        let digest = hmac::sign(self.digester.as_ref()?, key.as_bytes());
        let now = Instant::now();
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = None;
        for held in held.iter() {
            let same = verify_slices_are_equal(digest.as_ref(), held.digest.as_ref()).is_ok();
            if same && held.until.is_none_or(|(until, _)| now < until) {
                found = Some(held);
            }
        }
        let Held { principal, until, .. } = found?;
        Some(match until {
            Some((_, at)) => principal.clone().with_expiry(*at),
            None => principal.clone(),
        })
    }

    fn unauthorized(&self) -> Challenge {
        match &self.header {
            Some(header) => Challenge::unauthorized(format!("ApiKey header=\"{header}\"")),
            None => Challenge::unauthorized("Bearer"),
        }
    }
}

impl Held {
    fn is_of(&self, name: &str) -> bool {
        self.principal.subject() == Some(name)
    }
}

impl Authenticate for ApiKeys {
    async fn authenticate(&self, request: &Parts) -> Result<Principal, Challenge> {
        let shown = match &self.header {
            Some(header) => single(request, header),
            None => bearer_of(request, |byte| byte.is_ascii_graphic()),
        };
        match shown {
            Shown::Credential(key) => self.owner(key).ok_or_else(|| self.unauthorized()),
            Shown::Nothing => Err(self.unauthorized()),
            Shown::Malformed(_) => Err(Challenge::malformed("Bearer error=\"invalid_request\"")),
        }
    }

    fn credential_headers(&self) -> Vec<HeaderName> {
        self.header.iter().cloned().collect()
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = self.problems.clone();
        if self.digester.is_none() {
            problems.push("the system gives no randomness, so API keys cannot be kept safely".into());
        }
        if self.held.read().unwrap_or_else(PoisonError::into_inner).is_empty() && problems.is_empty() {
            problems.push("there is no API key, so nobody would be let in".into());
        }
        problems
    }
}
