//! Answers one request of either era. It knows nothing of how requests arrive.

use serde_json::value::RawValue;

use crate::{
    call,
    message::{Message, Meta, STATELESS},
    pages, reply,
};

/// What became of a request, for the transports that say it once more by a status.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Answered,
    Invalid,
    NoSuchMethod,
}

/// Answers a request that carries everything it needs.
pub fn stateless(out: &mut Vec<u8>, id: &RawValue, message: &Message<'_>) -> Outcome {
    if let Some(missing) = missing(&message.params.meta) {
        return invalid(out, id, missing);
    }
    if message.params.meta.version != STATELESS {
        return unsupported(out, id, &message.params.meta.version);
    }
    match &*message.method {
        "tools/call" => call_tool(out, id, message, reply::STAMP),
        "tools/list" => page(out, id, &[pages::TOOLS, pages::CACHE_HINTS, reply::STAMP]),
        "server/discover" => page(out, id, &[pages::DISCOVERED, reply::STAMP]),
        _ => no_such_method(out, id),
    }
}

/// Answers a request of a client that began with `initialize`.
pub fn stateful(out: &mut Vec<u8>, id: &RawValue, message: &Message<'_>) -> Outcome {
    match &*message.method {
        "tools/call" => call_tool(out, id, message, "}"),
        "tools/list" => page(out, id, &[pages::TOOLS, "}"]),
        "initialize" => page(out, id, &[pages::INITIALIZED]),
        "ping" => page(out, id, &["{}"]),
        _ => no_such_method(out, id),
    }
}

/// Answers that a request lacks something.
pub fn invalid(out: &mut Vec<u8>, id: &RawValue, text: &str) -> Outcome {
    reply::error(out, Some(id), -32602, text, None);
    Outcome::Invalid
}

/// The text that is due if the `_meta` of a stateless request is incomplete.
pub fn missing(meta: &Meta<'_>) -> Option<&'static str> {
    if meta.version.is_empty() {
        Some("missing _meta field io.modelcontextprotocol/protocolVersion")
    } else if !meta.capabilities.is_some_and(|raw| raw.get().starts_with('{')) {
        Some("missing _meta field io.modelcontextprotocol/clientCapabilities")
    } else {
        None
    }
}

fn unsupported(out: &mut Vec<u8>, id: &RawValue, requested: &str) -> Outcome {
    let mut data = format!(r#"{{"supported":{},"requested":"#, pages::SUPPORTED).into_bytes();
    reply::json(&mut data, requested);
    data.push(b'}');
    reply::error(out, Some(id), -32022, "unsupported protocol version", std::str::from_utf8(&data).ok());
    Outcome::Invalid
}

fn call_tool(out: &mut Vec<u8>, id: &RawValue, message: &Message<'_>, end: &str) -> Outcome {
    let start = out.len();
    reply::begin_result(out, id);
    if call::call(out, &message.params.name, message.params.arguments).is_err() {
        out.truncate(start);
        reply::error(out, Some(id), -32602, "unknown tool", None);
        return Outcome::Answered;
    }
    out.extend_from_slice(end.as_bytes());
    out.push(b'}');
    Outcome::Answered
}

fn page(out: &mut Vec<u8>, id: &RawValue, parts: &[&str]) -> Outcome {
    reply::begin_result(out, id);
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
    out.push(b'}');
    Outcome::Answered
}

fn no_such_method(out: &mut Vec<u8>, id: &RawValue) -> Outcome {
    reply::error(out, Some(id), -32601, "method not found", None);
    Outcome::NoSuchMethod
}
