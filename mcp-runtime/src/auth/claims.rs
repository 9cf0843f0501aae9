//! What a token says, once its signature has been found good: whom it is from and for, and when it holds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use crate::model::Principal;

/// What a token must say.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    pub(super) issuer: String,
    /// Any of these.
    pub(super) audiences: Vec<String>,
    pub(super) leeway: Duration,
    pub(super) max_age: Duration,
}

/// What a token says, as far as it is looked at (RFC 9068). A member that stands there twice makes it unreadable.
#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Several>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    #[serde(default)]
    scope: Option<Several>,
    #[serde(default)]
    scp: Option<Several>,
    client_id: Option<String>,
    azp: Option<String>,
}

/// Issuers write one as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Several {
    One(String),
    Many(Vec<String>),
}

impl Several {
    fn iter(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match self {
            Self::One(one) => (Some(one), None),
            Self::Many(many) => (None, Some(many)),
        };
        one.into_iter().chain(many.into_iter().flatten()).map(String::as_str)
    }
}

impl Expected {
    /// Who a token speaks of, or why it is no good. The reason is for the caller, and repeats nothing of the token.
    pub(super) fn principal(&self, payload: &[u8], now: SystemTime) -> Result<Principal, &'static str> {
        let claims: Claims =
            serde_json::from_slice(payload).map_err(|_| "the token does not say what a token says")?;
        if claims.iss.as_deref() != Some(&self.issuer) {
            return Err("the token is from another issuer");
        }
        let audience = claims.aud.as_ref().ok_or("the token does not say whom it is for")?;
        if !audience.iter().any(|audience| self.audiences.iter().any(|known| known == audience)) {
            return Err("the token is for another server");
        }
        let until = self.check_times(&claims, now)?;
        let subject = claims.sub.filter(|subject| !subject.is_empty());
        let subject = subject.ok_or("the token does not say who its subject is")?;
        let scopes = claims.scope.iter().chain(&claims.scp).flat_map(Several::iter);
        let scopes = scopes.flat_map(str::split_whitespace).map(str::to_owned);
        let raw: &serde_json::value::RawValue =
            serde_json::from_slice(payload).map_err(|_| "the token does not say what a token says")?;
        let mut principal = Principal::new(self.issuer.as_str(), subject)
            .with_scopes(scopes)
            .with_claims(&raw)
            .with_expiry(until);
        if let Some(client) = claims.client_id.or(claims.azp) {
            principal = principal.with_client(client);
        }
        Ok(principal)
    }

    /// Until when the token holds.
    fn check_times(&self, claims: &Claims, now: SystemTime) -> Result<SystemTime, &'static str> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let (leeway, max_age) = (self.leeway.as_secs_f64(), self.max_age.as_secs_f64());
        let expires = claims.exp.ok_or("the token does not say when it expires")?;
        if now >= expires + leeway {
            return Err("the token has expired");
        }
        if claims.nbf.is_some_and(|begins| now + leeway < begins) {
            return Err("the token does not hold yet");
        }
        let issued = claims.iat.ok_or("the token does not say when it was issued")?;
        if now + leeway < issued {
            return Err("the token was issued in the future");
        }
        if now >= issued + max_age + leeway {
            return Err("the token is too old");
        }
        let end = Duration::try_from_secs_f64(expires.min(issued + max_age) + leeway);
        // Beyond what the clock can express there is no end.
        const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
        let end = end.ok().and_then(|end| UNIX_EPOCH.checked_add(end));
        Ok(end.unwrap_or_else(|| SystemTime::now() + FAR))
    }
}
