//! Reads one JSON-RPC message in one pass, without copying.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The revision of the requests that carry everything they need.
pub const STATELESS: &str = "2026-07-28";
/// The revision that begins with `initialize`.
pub const STATEFUL: &str = "2025-11-25";

#[derive(Deserialize)]
pub struct Message<'a> {
    #[serde(borrow)]
    pub jsonrpc: Cow<'a, str>,
    /// Present in requests only; JSON `null` is kept apart from absence.
    #[serde(borrow, default, deserialize_with = "present")]
    pub id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub method: Cow<'a, str>,
    #[serde(borrow, default)]
    pub params: Params<'a>,
}

/// The parameters of every served method together.
#[derive(Default, Deserialize)]
pub struct Params<'a> {
    /// Name of the tool; empty if there is none.
    #[serde(borrow, default)]
    pub name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub arguments: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "_meta")]
    pub meta: Meta<'a>,
}

#[derive(Default, Deserialize)]
pub struct Meta<'a> {
    /// Empty if there is none: a stateful request.
    #[serde(borrow, default, rename = "io.modelcontextprotocol/protocolVersion")]
    pub version: Cow<'a, str>,
    #[serde(borrow, default, rename = "io.modelcontextprotocol/clientCapabilities")]
    pub capabilities: Option<&'a RawValue>,
}

/// Why a message could not be read, with the id if that much could be.
pub struct Unreadable<'a> {
    pub id: Option<&'a RawValue>,
    pub code: i32,
    pub text: &'static str,
}

/// Reads a message.
///
/// # Errors
/// Not JSON, not a JSON-RPC 2.0 message, or parameters of the wrong shape.
pub fn read(bytes: &[u8]) -> Result<Message<'_>, Unreadable<'_>> {
    // serde would read an array as the members in their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Unreadable { id: None, code: -32600, text: "not a single JSON-RPC message" });
    }
    let message: Message<'_> = serde_json::from_slice(bytes).map_err(|error| diagnose(bytes, &error))?;
    let id_is_valid = message.id.is_none_or(|id| matches!(id.get().as_bytes()[0], b'"' | b'-' | b'0'..=b'9'));
    if message.jsonrpc != "2.0" || !id_is_valid {
        let id = message.id.filter(|_| id_is_valid);
        return Err(Unreadable { id, code: -32600, text: "not a JSON-RPC 2.0 message" });
    }
    Ok(message)
}

/// Finds out, off the fast path, what is wrong and whose request it is.
fn diagnose<'a>(bytes: &'a [u8], error: &serde_json::Error) -> Unreadable<'a> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow, default)]
        id: Option<&'a RawValue>,
        #[serde(borrow)]
        method: Cow<'a, str>,
    }

    if !error.is_data() {
        return Unreadable { id: None, code: -32700, text: "not JSON" };
    }
    match serde_json::from_slice::<Envelope<'_>>(bytes) {
        Ok(envelope) if !envelope.method.is_empty() => {
            Unreadable { id: envelope.id, code: -32602, text: "parameters of the wrong shape" }
        }
        _ => Unreadable { id: None, code: -32600, text: "not a JSON-RPC 2.0 message" },
    }
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}
