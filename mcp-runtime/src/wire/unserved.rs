//! Requests that are refused before they are one: there is no such tool, or the message does not fit together. The audit
//! knows of them too.

use super::encode::Refusal;
use super::envelope::Params;
use super::noted::{Note, Noted};
use super::peer::Peer;
use crate::json::string;
use crate::model::Correlation;
use crate::server::Shared;
use crate::sight::Unserved;

/// What was refused.
pub(super) struct Refused<'a> {
    pub(super) method: &'a str,
    pub(super) params: &'a Params,
    pub(super) noted: Option<&'a Noted<'a>>,
    pub(super) session: Option<u128>,
    pub(super) refusal: &'a Refusal,
}

#[cold]
pub(super) fn tell(server: &Shared, peer: &Peer, refused: &Refused<'_>) {
    let Some(audit) = server.sight.audit() else { return };
    let Refused { method, params, noted, session, refusal } = *refused;
    let name = match method {
        "tools/call" | "prompts/get" => params.string("name"),
        "resources/read" | "resources/subscribe" | "resources/unsubscribe" => params.string("uri"),
        _ => None,
    };
    let trace_parent = noted.and_then(|noted| noted.get(Note::TraceParent));
    let trace_parent = trace_parent.as_ref().and_then(|raw| string(raw.as_str()));
    let trace_parent = trace_parent.filter(|text| super::decode::is_trace_parent(text));
    audit.unserved(&Unserved {
        method,
        // What stands behind is for what is read, not for who looks whether somebody tried.
        name: name.as_deref().map(|name| name.split(['?', '#']).next().unwrap_or_default()),
        principal: &peer.principal,
        address: peer.remote.and_then(|remote| remote.address),
        session,
        correlation_id: Correlation::default().id(trace_parent.as_deref()),
        outcome: refusal.failure().name(),
    });
}
