//! Credentials as they stand in the head of a request. Whatever is wrong with them, none of it is repeated.

use http::request::Parts;
use http::{HeaderName, header};

/// What was shown.
pub(super) enum Shown<'a> {
    /// Nothing, or something of another kind.
    Nothing,
    Credential(&'a str),
    /// Why it cannot be understood.
    Malformed(&'static str),
}

/// A token is at most this long, in bytes: longer ones are refused before they are looked at.
const LONGEST: usize = 16 << 10;

/// What the header `Authorization` says with the scheme `Bearer` (RFC 6750, section 2.1). Nothing else is looked at: not the
/// query, nor a form.
pub(super) fn bearer(request: &Parts) -> Shown<'_> {
    bearer_of(request, |byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte))
}

/// The same of credentials that may have other characters than tokens have.
pub(super) fn bearer_of(request: &Parts, legal: fn(u8) -> bool) -> Shown<'_> {
    let text = match single(request, &header::AUTHORIZATION) {
        Shown::Credential(text) => text,
        other => return other,
    };
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Shown::Nothing;
    }
    let token = token.trim();
    if token.is_empty() || !token.bytes().all(legal) {
        return Shown::Malformed("the token has characters that none can have");
    }
    Shown::Credential(token)
}

/// What a header says that may stand there once.
pub(super) fn single<'a>(request: &'a Parts, name: &HeaderName) -> Shown<'a> {
    let mut values = request.headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Shown::Nothing,
        (Some(_), Some(_)) => Shown::Malformed("there are several credentials where one is wanted"),
        (Some(value), None) if value.len() > LONGEST => Shown::Malformed("the credential is too long"),
        (Some(value), None) => match value.to_str() {
            Ok(text) => Shown::Credential(text.trim()),
            Err(_) => Shown::Malformed("the credential is not ASCII"),
        },
    }
}
