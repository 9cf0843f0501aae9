//! The headers that repeat what the body says, so that a gateway can route without reading it. Where the two differ,
//! somebody is being misled, and nothing is run.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};

use crate::json::shortened;

pub(crate) static PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
pub(crate) static METHOD: HeaderName = HeaderName::from_static("mcp-method");
pub(crate) static NAME: HeaderName = HeaderName::from_static("mcp-name");
pub(crate) static SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

/// Why a header was refused.
pub(crate) struct Mismatch(pub(crate) String);

/// The value of a header that may stand there once or not at all, without white space around it.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Mismatch> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Mismatch(format!("header {name} occurs twice")));
    }
    let text = value.to_str().map_err(|_| Mismatch(format!("header {name} has invalid characters")))?;
    Ok(Some(text.trim_ascii()))
}

/// Checks that a header is there and says the same as the body.
pub(crate) fn matches(headers: &HeaderMap, name: &HeaderName, body: &str) -> Result<(), Mismatch> {
    match single(headers, name)? {
        None => Err(Mismatch(format!("header {name} is missing; the body says \"{}\"", shortened(body)))),
        Some(value) if value == body => Ok(()),
        Some(_) => {
            Err(Mismatch(format!("header {name} differs from the body, which says \"{}\"", shortened(body))))
        }
    }
}

/// The same for a header whose value may be encoded, because names and URIs may hold what headers may not.
pub(crate) fn matches_encoded(headers: &HeaderMap, name: &HeaderName, body: &str) -> Result<(), Mismatch> {
    match single(headers, name)? {
        None => Err(Mismatch(format!("header {name} is missing; the body says \"{}\"", shortened(body)))),
        Some(value)
            if decoded(value).ok_or_else(|| Mismatch(format!("header {name} has invalid base64")))?
                == body =>
        {
            Ok(())
        }
        Some(_) => {
            Err(Mismatch(format!("header {name} differs from the body, which says \"{}\"", shortened(body))))
        }
    }
}

/// Resolves `=?base64?…?=`; anything without both ends stands for itself.
pub(super) fn decoded(value: &str) -> Option<Cow<'_, str>> {
    match value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        None => Some(value.into()),
        Some(encoded) => Some(String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?.into()),
    }
}
