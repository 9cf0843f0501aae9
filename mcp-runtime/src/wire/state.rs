//! `requestState`: what a stateless client carries from one run of a call to the next, sealed and bound to that call.
//!
//! See the specification, "Multi Round-Trip Requests".

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

use super::encode::Refusal;
use super::envelope::Params;
use super::revision::Revision;
use crate::Error;
use crate::json::{Raw, string};
use crate::model::{Asking, Given, Onces, Operation, Principal, Record, Way, now};
use crate::seal::Seal;
use crate::server::Shared;

/// What a server needs to let clients carry state.
#[derive(Debug)]
pub(crate) struct Carried {
    pub(crate) seal: Arc<Seal>,
    pub(crate) lifetime: Duration,
    pub(crate) onces: Arc<Onces>,
}

/// A call may go on for so many lifetimes of a state in all, however often it asks.
const LIFETIMES: u64 = 12;

/// The call that a state belongs to: it is worth nothing for another.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    method: &'static str,
    /// The parameters, which are taken apart only where something is asked.
    params: Raw,
}

impl Binding {
    /// The binding of a request, where it is one that may ask.
    pub(super) fn of(operation: &Operation, params: &Params) -> Option<Self> {
        let method = match operation {
            Operation::CallTool(_) => "tools/call",
            Operation::GetPrompt(_) => "prompts/get",
            Operation::ReadResource(_) => "resources/read",
            _ => return None,
        };
        Some(Self { method, params: params.raw() })
    }

    /// Everything that must be the same, in one way of writing. `None` where it cannot be told: then nothing is sealed.
    fn purpose(&self, principal: &Principal) -> Option<Vec<u8>> {
        let params: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(self.params.as_str()).ok()?;
        let named = if self.method == "resources/read" { "uri" } else { "name" };
        let target = string(params.get(named)?.get())?;
        let arguments = params.get("arguments").map_or_else(|| "{}".into(), |raw| minified(raw.get()));
        let who = (principal.issuer(), principal.client(), principal.subject());
        let bound = (who, self.method, target, arguments);
        serde_json::to_vec(&bound).ok()
    }

    /// What the client is to carry.
    pub(super) fn seal(
        &self,
        carried: &Carried,
        principal: &Principal,
        mut record: Record,
    ) -> Option<String> {
        if record.nonce.is_empty() {
            let mut random = [0; 16];
            getrandom::fill(&mut random).ok()?;
            record.nonce = format!("{:032x}", u128::from_ne_bytes(random));
        }
        let lifetime = carried.lifetime.as_secs();
        if record.over == 0 {
            record.over = now() + lifetime.saturating_mul(LIFETIMES);
        }
        record.until = record.over.min(now() + lifetime);
        carried.seal.seal(&serde_json::to_vec(&record).ok()?, &self.purpose(principal)?)
    }
}

/// JSON without the white space between its tokens, so that another way of laying it out is the same.
fn minified(raw: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    let keep = |character: &char| {
        let kept = inside || !character.is_ascii_whitespace();
        match character {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            _ => {}
        }
        kept
    };
    raw.chars().filter(keep).collect()
}

/// What a request may ask, with what was answered before.
pub(super) fn asking(
    server: &Shared,
    params: &Params,
    binding: &Binding,
    principal: &Principal,
) -> Result<Asking, Refusal> {
    let invalid =
        |message: &str| Err(Refusal::error(Error::invalid_params(message), Revision::LATEST_STATELESS));
    let way = Way::Again(server.carried.onces.clone());
    let [state, answered] = params.spans(&["requestState", "inputResponses"]);
    if state.is_none() && answered.is_none() {
        return Ok(Asking::new(way));
    }
    let Ok(given) = params.inside("inputResponses") else {
        return invalid("\"inputResponses\" must be an object");
    };
    let answers = given.into_iter().flat_map(|given| given.pairs());
    // What cannot be read is no answer to anything, and is told so when it is needed.
    let answers = answers.map(|(key, raw)| (key.into_owned(), serde_json::from_str(raw).unwrap_or_default()));
    let Some(state) = params.get("requestState") else {
        // A client may know what it will be asked; a question finds its answer by its key.
        let answers = answers.map(|(key, value)| (key, Given { digest: None, value }));
        return Ok(Asking::with_record(way, Record { answers: answers.collect(), ..Record::default() }));
    };
    let Some(state) = string(state) else { return invalid("\"requestState\" must be a string") };
    let purpose = binding.purpose(principal);
    let opened = purpose.and_then(|purpose| server.carried.seal.open(&state, &purpose));
    let Some(mut record) = opened.and_then(|opened| serde_json::from_slice::<Record>(&opened).ok()) else {
        return invalid(
            "\"requestState\" is not one that this server gave to this caller for this call with these arguments",
        );
    };
    if record.until <= now() {
        return invalid(
            "\"requestState\" has expired: call again without it, and without \"inputResponses\"",
        );
    }
    let asked = std::mem::take(&mut record.asked);
    for (key, value) in answers {
        let digest = asked.get(&key).copied();
        // What was answered before stands: the function has gone on from it.
        if digest.is_some() || !record.answers.contains_key(&key) {
            record.answers.insert(key, Given { digest, value });
        }
    }
    Ok(Asking::with_record(way, record))
}
