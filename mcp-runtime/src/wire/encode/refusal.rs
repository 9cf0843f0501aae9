//! The answers that refuse.

use std::time::Duration;

use super::super::envelope::Id;
use super::super::headers::Mismatch;
use super::super::revision::Revision;
use super::member;
use crate::Error;
use crate::error::{ErrorKind, FailureKind, whole_seconds};
use crate::json::shortened;
use crate::server::Reply;

/// When there may be room again, where nothing better is known.
const SOON: Duration = Duration::from_secs(1);

/// An error that answers a message: its number, its HTTP status, and what it says.
#[derive(Debug)]
pub(in crate::wire) struct Refusal {
    code: i32,
    status: u16,
    message: String,
    data: Option<serde_json::Value>,
    /// What the caller would have to be allowed.
    scopes: Vec<String>,
    /// When to come back, in seconds.
    retry_after: Option<u64>,
}

impl Refusal {
    fn new(code: i32, status: u16, message: String) -> Self {
        Self { code, status, message, data: None, scopes: Vec::new(), retry_after: None }
    }

    pub(in crate::wire) fn parse(message: String) -> Self {
        Self::new(-32700, 400, message)
    }

    pub(in crate::wire) fn invalid(message: String) -> Self {
        Self::new(-32600, 400, message)
    }

    pub(in crate::wire) fn params(message: String) -> Self {
        Self::new(-32602, 200, message)
    }

    pub(in crate::wire) fn missing_meta(message: String) -> Self {
        Self::new(-32602, 400, message)
    }

    pub(in crate::wire) fn header(Mismatch(message): Mismatch) -> Self {
        Self::new(-32020, 400, message)
    }

    pub(in crate::wire) fn version(requested: &str) -> Self {
        let supported = Revision::supported();
        let supported: serde_json::Value = serde_json::from_str(&supported).unwrap_or_default();
        Self {
            data: Some(serde_json::json!({"supported": supported, "requested": requested})),
            ..Self::new(-32022, 400, format!("protocol version {:?} is not served", shortened(requested)))
        }
    }

    pub(in crate::wire) fn id_in_use(revision: Revision) -> Self {
        let status = if revision.is_stateless() { 400 } else { 200 };
        Self::new(-32600, status, "a request with this id is under way".into())
    }

    pub(in crate::wire) fn session_required() -> Self {
        Self::new(-32600, 400, "header mcp-session-id is missing: begin with \"initialize\"".into())
    }

    pub(in crate::wire) fn method_not_allowed() -> Self {
        Self::new(-32600, 405, "messages are sent with POST".into())
    }

    pub(in crate::wire) fn no_session() -> Self {
        Self::new(-32600, 404, "no such session: begin again with \"initialize\"".into())
    }

    pub(in crate::wire) fn busy(message: &str) -> Self {
        Self::later(503, message.into(), SOON)
    }

    /// It was not done, and may be asked for again. The specification pins neither the number nor the status.
    fn later(status: u16, message: String, retry_after: Duration) -> Self {
        let seconds = whole_seconds(retry_after);
        Self {
            data: Some(serde_json::json!({"retryAfter": seconds})),
            retry_after: Some(seconds),
            ..Self::new(-32603, status, message)
        }
    }

    pub(in crate::wire) fn error(error: Error, revision: Revision) -> Self {
        let stateless = revision.is_stateless();
        let scopes = match &error.kind {
            ErrorKind::InsufficientScope { required } => required.clone(),
            _ => Vec::new(),
        };
        let (code, status, data) = match error.kind {
            ErrorKind::MethodNotFound => (-32601, if stateless { 404 } else { 200 }, None),
            ErrorKind::InvalidParams => (-32602, 200, None),
            ErrorKind::ResourceNotFound { uri } => {
                (if stateless { -32602 } else { -32002 }, 200, Some(serde_json::json!({"uri": uri})))
            }
            ErrorKind::MissingCapability { required } if stateless => {
                (-32021, 400, Some(serde_json::json!({"requiredCapabilities": required})))
            }
            ErrorKind::InsufficientScope { required } => {
                (-32600, 403, Some(serde_json::json!({"requiredScopes": required})))
            }
            ErrorKind::Busy => return Self::later(503, error.message, SOON),
            ErrorKind::RateLimited { retry_after } => return Self::later(429, error.message, retry_after),
            ErrorKind::Unavailable { retry_after } => return Self::later(503, error.message, retry_after),
            ErrorKind::MissingCapability { .. } | ErrorKind::Internal => (-32603, 200, None),
        };
        Self { data, scopes, ..Self::new(code, status, error.message) }
    }

    /// Why it is refused, in the terms that hold for requests too.
    pub(in crate::wire) fn failure(&self) -> FailureKind {
        match self.retry_after {
            Some(_) => FailureKind::Refused,
            None if self.status == 403 => FailureKind::Forbidden,
            None => FailureKind::Input,
        }
    }

    /// The answer to a message whose id, if it has one, cannot be read; `revision` is that of the session, if there is one.
    pub(in crate::wire) fn reply_to_unreadable(self, revision: Option<Revision>) -> Reply {
        self.written(revision.filter(|revision| revision.has_null_ids()).map(|_| "null"))
    }

    /// The answer, without an id where the message has none.
    pub(in crate::wire) fn reply(self, id: Option<&Id>) -> Reply {
        self.written(id.map(Id::to_string).as_deref())
    }

    fn written(self, id: Option<&str>) -> Reply {
        let mut out = Vec::with_capacity(128);
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",");
        if let Some(id) = id {
            out.extend_from_slice(b"\"id\":");
            out.extend_from_slice(id.as_bytes());
            out.push(b',');
        }
        out.extend_from_slice(b"\"error\":{");
        member(&mut out, "code", &self.code);
        out.push(b',');
        member(&mut out, "message", &self.message);
        if let Some(data) = &self.data {
            out.push(b',');
            member(&mut out, "data", data);
        }
        out.extend_from_slice(b"}}");
        let reply = Reply::response(self.status, out).needing(self.scopes);
        self.retry_after.into_iter().fold(reply, Reply::retry_in)
    }
}

/// The number of an error in the newest revision.
pub(crate) fn code_of(error: &Error) -> i32 {
    Refusal::error(error.clone(), Revision::LATEST_STATELESS).code
}
