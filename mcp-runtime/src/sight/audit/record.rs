//! One record of the audit.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::Value;

use super::{AuditArguments, redact};
use crate::model::{Operation, Principal, Request, time};

/// What peers write is cut to so many characters.
const LONGEST: usize = 128;

/// Who asked for what, when, and what came of it.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct AuditRecord {
    /// When it began: UTC as RFC 3339 has it, to the millisecond.
    pub time: String,
    /// The id that logs, spans and the peer know it by; see [`Context::correlation_id`](crate::Context::correlation_id).
    pub correlation_id: String,
    /// What was asked, such as `tools/call`; as the peer wrote it where there is no such method.
    pub method: String,
    /// The name of the tool or prompt, or the URI of the resource as it is published; as the peer wrote it where there is
    /// nothing of that name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `ok`; `asked`, where the client is to come back with answers; `cancelled`; or why it failed, as
    /// [`FailureKind::name`](crate::FailureKind::name) has it.
    pub outcome: &'static str,
    /// The limit that kept it from being served: `rate`, `concurrency`, `breaker`, `in_flight`, `size`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<&'static str>,
    /// How long it took.
    pub duration_ms: f64,
    /// The caller, where somebody knows him.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<AuditPrincipal>,
    /// Where he is, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// A number of the session that it belongs to, which is not the session's secret id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// What the calling program calls itself, which nobody has verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// What [`AuditArguments`] says: an array of names, or an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Value>,
}

/// A caller, as he stands in the audit.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct AuditPrincipal {
    /// Who vouches for him.
    pub issuer: String,
    /// His name with the issuer.
    pub subject: String,
    /// The program that calls for him, where the issuer says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

/// A request that was refused before it was one.
pub(crate) struct Unserved<'a> {
    pub(crate) method: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) principal: &'a Principal,
    pub(crate) address: Option<IpAddr>,
    pub(crate) session: Option<u128>,
    pub(crate) correlation_id: &'a str,
    pub(crate) outcome: &'static str,
}

impl AuditRecord {
    /// The record as JSON, in one line without its end.
    pub fn to_json(&self) -> String {
        // Texts and numbers always have a form in JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn of(request: &Request, arguments: AuditArguments) -> Self {
        let facts = &*request.facts;
        let name = match &request.operation {
            // What stands in place of the variables are arguments.
            Operation::ReadResource(read) => Some(read.resource.uri()),
            Operation::Subscribe(subscription) => Some(subscription.resource.uri()),
            _ => request.target(),
        };
        Self {
            time: moment(SystemTime::now()),
            correlation_id: facts.correlation().to_owned(),
            method: request.method().to_owned(),
            name: name.map(str::to_owned),
            outcome: "",
            limit: None,
            duration_ms: 0.0,
            principal: principal(&facts.principal),
            address: facts.remote.and_then(|remote| remote.address),
            session: facts.session.map(session),
            program: facts.client.name().map(|name| shortened(&name)),
            arguments: redact::arguments(&request.operation, arguments),
        }
    }

    pub(super) fn unserved(unserved: &Unserved<'_>) -> Self {
        Self {
            time: moment(SystemTime::now()),
            correlation_id: unserved.correlation_id.to_owned(),
            method: shortened(unserved.method),
            name: unserved.name.map(shortened),
            outcome: unserved.outcome,
            limit: None,
            duration_ms: 0.0,
            principal: principal(unserved.principal),
            address: unserved.address,
            session: unserved.session.map(session),
            program: None,
            arguments: None,
        }
    }

    pub(super) fn end(&mut self, outcome: &'static str, took: Duration, limit: Option<&'static str>) {
        self.outcome = outcome;
        self.limit = limit;
        self.duration_ms = took.as_micros() as f64 / 1000.0;
    }
}

fn principal(principal: &Principal) -> Option<AuditPrincipal> {
    Some(AuditPrincipal {
        issuer: principal.issuer()?.to_owned(),
        subject: principal.subject()?.to_owned(),
        client: principal.client().map(str::to_owned),
    })
}

fn session(number: u128) -> String {
    format!("{number:032x}")
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

/// A moment as RFC 3339 has it, to the millisecond.
pub(super) fn moment(at: SystemTime) -> String {
    let milliseconds = at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.subsec_millis());
    let seconds = time::utc(at).unwrap_or_default();
    format!("{}.{milliseconds:03}Z", seconds.trim_end_matches('Z'))
}
