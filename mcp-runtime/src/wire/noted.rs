//! What `_meta` of a request says, found in one pass over its members.

use super::envelope::{Inside, Params};
use super::meta;
use crate::json::{Raw, Span};

/// The members of `_meta` that the protocol defines, as far as they are there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noted<'a> {
    params: &'a Params,
    spans: [Option<Span>; NAMES.len()],
}

const NAMES: [&str; 9] = [
    meta::PROTOCOL_VERSION,
    meta::CLIENT_CAPABILITIES,
    meta::CLIENT_INFO,
    meta::LOG_LEVEL,
    meta::PROGRESS_TOKEN,
    meta::TRACE_PARENT,
    meta::TRACE_STATE,
    meta::BAGGAGE,
    meta::IDEMPOTENCY_KEY,
];

/// Which of them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Note {
    Version,
    Capabilities,
    Client,
    LogLevel,
    Progress,
    TraceParent,
    TraceState,
    Baggage,
    IdempotencyKey,
}

impl<'a> Noted<'a> {
    /// `Err` where `_meta` is no object.
    pub(super) fn of(params: &'a Params) -> Result<Option<Self>, ()> {
        Ok(params.inside("_meta")?.map(|inside: Inside<'a>| Self { params, spans: inside.spans(&NAMES) }))
    }

    pub(super) fn get(&self, note: Note) -> Option<Raw> {
        let span = (*self.spans.get(note as usize)?)?;
        Some(Raw::new(self.params.text(), span))
    }
}
