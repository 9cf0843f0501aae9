//! What a call says before its response: how far it has come, what it logs, and what it asks.

use std::sync::Arc;

use super::super::decode::CANCELLED;
use super::super::question::Written;
use super::{Answer, Back, member, value};
use crate::Error;
use crate::model::{Facts, InputRequired, LogMessage, Notice, Progress, Slot};
use crate::server::{Reply, Shared};

impl Answer {
    /// Writes what a call says before its result; `None` where there is nothing to say to this peer.
    pub(crate) fn notice(&self, notice: &Notice) -> Option<Reply> {
        match notice {
            Notice::Progress(progress) => self.progress(progress),
            Notice::Log(message) => Some(log_message(message)),
            Notice::Ask(slot) => self.ask(slot),
            Notice::Withdraw(slot) => self.withdraw(slot),
            // It is for the transport, not for the peer.
            Notice::HangUp(_) => None,
        }
    }

    fn progress(&self, notice: &Progress) -> Option<Reply> {
        let token = self.progress.as_ref()?;
        let mut out = Vec::with_capacity(128);
        out.extend_from_slice(
            b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":",
        );
        out.extend_from_slice(token.as_str().as_bytes());
        out.push(b',');
        member(&mut out, "progress", &number(notice.done));
        if let Some(total) = notice.total.filter(|total| total.is_finite()) {
            out.push(b',');
            member(&mut out, "total", &number(total));
        }
        if let Some(message) = notice.message.as_ref().filter(|_| self.revision.has_progress_messages()) {
            out.push(b',');
            member(&mut out, "message", message);
        }
        out.extend_from_slice(b"}}");
        Some(Reply::notification(out))
    }

    /// Writes a question to the client as a request.
    fn ask(&self, slot: &Arc<Slot>) -> Option<Reply> {
        let Back::Session(session) = &self.back else { return None };
        let number = session.asked.number(slot);
        let Some(written) = Written::new(&slot.question, self.revision, Some(number)) else {
            session.asked.withdraw(slot);
            slot.refuse();
            return None;
        };
        let mut out = Vec::with_capacity(256);
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",");
        member(&mut out, "id", &number);
        out.push(b',');
        let start = out.len();
        value(&mut out, &written);
        // The members of the question stand beside the id.
        out.remove(start);
        Some(Reply::request(out))
    }

    /// Takes a question back, if it was sent and has no answer.
    pub(crate) fn withdraw(&self, slot: &Slot) -> Option<Reply> {
        let Back::Session(session) = &self.back else { return None };
        let number = session.asked.withdraw(slot)?;
        let cancelled = format!(
            "{{\"jsonrpc\":\"2.0\",\"method\":\"{CANCELLED}\",\"params\":{{\"requestId\":{number}}}}}"
        );
        Some(Reply::notification(cancelled.into_bytes()))
    }

    /// Writes what a call needs to know before it can go on.
    pub(super) fn input_required(
        &self,
        out: &mut Vec<u8>,
        asked: InputRequired,
        server: &Shared,
        facts: &Facts,
    ) -> Result<(), Error> {
        let failed = || Error::internal("the server cannot ask the client now");
        let Back::Carried(binding) = &self.back else { return Err(failed()) };
        out.extend_from_slice(b"\"resultType\":\"input_required\",\"inputRequests\":{");
        for (at, (key, question)) in asked.questions.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            value(out, key);
            out.push(b':');
            value(out, &Written::new(question, self.revision, None).ok_or_else(failed)?);
        }
        out.extend_from_slice(b"},");
        let state = binding.seal(&server.carried, &facts.principal, asked.record).ok_or_else(failed)?;
        // The client has to send it back beside everything else.
        if state.len() > server.limits.message / 2 {
            return Err(Error::internal("the answers so far are too long to be carried on"));
        }
        member(out, "requestState", &state);
        Ok(())
    }
}

fn log_message(message: &LogMessage) -> Reply {
    let mut out = Vec::with_capacity(128);
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{");
    member(&mut out, "level", message.level.name());
    if let Some(logger) = &message.logger {
        out.push(b',');
        member(&mut out, "logger", logger);
    }
    out.push(b',');
    member(&mut out, "data", &message.data);
    out.extend_from_slice(b"}}");
    Reply::notification(out)
}

/// Whole numbers without a fraction, as people write them.
fn number(value: f64) -> serde_json::Number {
    #[allow(clippy::cast_possible_truncation, reason = "the value is whole and far inside the range")]
    let whole = (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64);
    whole.map(Into::into).or_else(|| serde_json::Number::from_f64(value)).unwrap_or_else(|| 0.into())
}
