//! Who calls, and what he may do. It knows nothing of tokens or keys: whoever checked those made it.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

/// The authenticated caller: who he is, and what he may do.
///
/// Over HTTP it is what the server's [`Authenticate`](crate::http::Authenticate) made of the request; on standard input and
/// output it is [what the server was told](crate::ServerBuilder::local_principal); elsewhere, and where nobody is asked who
/// he is, it is [`Principal::anonymous`]. It works as an argument of any function.
///
/// Two are equal if they are the same caller: issuer, client and subject are. So a caller who comes back with a newer token,
/// or with more scopes, finds the session that he began. Sessions belong to their principal: nobody else can use them,
/// whatever ids he knows.
///
/// ```
/// # use mcp::Principal;
/// let ada = Principal::new("https://login.example.com", "ada").with_scopes(["orders:read"]);
/// assert!(ada.has_scope("orders:read") && !ada.has_scope("orders:write"));
/// assert_eq!(ada, Principal::new("https://login.example.com", "ada"));
/// ```
#[derive(Clone, Default)]
pub struct Principal(Option<Arc<Known>>);

#[derive(Clone)]
struct Known {
    issuer: String,
    subject: String,
    client: Option<String>,
    scopes: BTreeSet<String>,
    /// A JSON object.
    claims: Option<String>,
    #[cfg_attr(not(feature = "http"), allow(dead_code, reason = "only HTTP has streams that end with it"))]
    until: Option<Instant>,
}

impl Principal {
    /// A caller whom nobody has asked who he is.
    pub fn anonymous() -> Self {
        Self(None)
    }

    /// The caller whom `issuer` knows as `subject`.
    pub fn new(issuer: impl Into<String>, subject: impl Into<String>) -> Self {
        Self(Some(Arc::new(Known {
            issuer: issuer.into(),
            subject: subject.into(),
            client: None,
            scopes: BTreeSet::new(),
            claims: None,
            until: None,
        })))
    }

    /// Somebody whom nobody knows stays unknown.
    fn with(mut self, change: impl FnOnce(&mut Known)) -> Self {
        if let Some(known) = &mut self.0 {
            change(Arc::make_mut(known));
        }
        self
    }

    /// The program that calls for him, as the issuer knows it. It is part of who he is.
    #[must_use]
    pub fn with_client(self, client: impl Into<String>) -> Self {
        self.with(|known| known.client = Some(client.into()))
    }

    /// What he may do: the scopes that `#[mcp::tool(scopes("…"))]` asks for. An anonymous caller may nothing, whatever is
    /// said here.
    #[must_use]
    pub fn with_scopes<S: Into<String>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.with(|known| known.scopes = scopes.into_iter().map(Into::into).collect())
    }

    /// What the issuer says of him, for arguments of the type [`Claims`](crate::Claims). What is no JSON object counts as
    /// nothing.
    #[must_use]
    pub fn with_claims(self, claims: &impl Serialize) -> Self {
        let claims = serde_json::to_string(claims).ok().filter(|claims| claims.starts_with('{'));
        self.with(|known| known.claims = claims)
    }

    /// Until when he is known: streams that he reads end then.
    #[must_use]
    pub fn with_expiry(self, at: SystemTime) -> Self {
        let left = at.duration_since(SystemTime::now()).unwrap_or_default();
        // A time beyond what the clock can express is none.
        let until = Instant::now().checked_add(left);
        self.with(|known| known.until = until)
    }

    /// Whether the caller is unknown.
    pub fn is_anonymous(&self) -> bool {
        self.0.is_none()
    }

    /// Who vouches for the caller.
    pub fn issuer(&self) -> Option<&str> {
        self.0.as_ref().map(|known| known.issuer.as_str())
    }

    /// The caller's name with the issuer.
    pub fn subject(&self) -> Option<&str> {
        self.0.as_ref().map(|known| known.subject.as_str())
    }

    /// The program that calls for him, where the issuer says so.
    pub fn client(&self) -> Option<&str> {
        self.0.as_ref()?.client.as_deref()
    }

    /// What he may do, sorted.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|known| known.scopes.iter().map(String::as_str))
    }

    /// Whether he was given this scope. Scopes that [imply](crate::ServerBuilder::scope_implies) it are not looked at.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.0.as_ref().is_some_and(|known| known.scopes.contains(scope))
    }

    /// What the issuer says of him, read as a type of yours; `None` where the issuer says nothing. As an argument, take
    /// [`Claims<T>`](crate::Claims).
    ///
    /// # Errors
    ///
    /// Where it is not what the type asks for.
    pub fn claims<T: DeserializeOwned>(&self) -> Option<Result<T, serde_json::Error>> {
        Some(serde_json::from_str(self.0.as_ref()?.claims.as_deref()?))
    }

    /// When he is not known any more.
    #[cfg(feature = "http")]
    pub(crate) fn until(&self) -> Option<Instant> {
        self.0.as_ref()?.until
    }

    fn identity(&self) -> Option<(&str, Option<&str>, &str)> {
        self.0.as_ref().map(|known| (&*known.issuer, known.client.as_deref(), &*known.subject))
    }
}

impl PartialEq for Principal {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Principal {}

impl Hash for Principal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

/// Without the claims: what an issuer says of people stands in no log.
impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(known) = &self.0 else { return f.write_str("anonymous") };
        f.debug_struct("Principal")
            .field("issuer", &known.issuer)
            .field("client", &known.client)
            .field("subject", &known.subject)
            .field("scopes", &known.scopes)
            .finish_non_exhaustive()
    }
}
