//! A reply as it is kept for another machine.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Reply, ReplyKind};

#[derive(Serialize, Deserialize)]
enum Kind {
    Notice,
    Question,
    Response,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    kind: Kind,
    status: u16,
    body: Box<RawValue>,
}

impl Reply {
    /// Its text; `None` where there is nothing to keep.
    pub(crate) fn to_keep(&self) -> Option<String> {
        let kind = match self.kind() {
            ReplyKind::Notification => Kind::Notice,
            ReplyKind::Request => Kind::Question,
            ReplyKind::Response => Kind::Response,
            ReplyKind::Nothing => return None,
        };
        let body = RawValue::from_string(String::from_utf8(self.body().to_vec()).ok()?).ok()?;
        serde_json::to_string(&Kept { kind, status: self.status(), body }).ok()
    }

    /// Reads such a text.
    pub(crate) fn of_kept(text: &str) -> Option<Self> {
        let Kept { kind, status, body } = serde_json::from_str(text).ok()?;
        let body = body.get().as_bytes().to_vec();
        Some(match kind {
            Kind::Notice => Self::notification(body),
            Kind::Question => Self::request(body),
            Kind::Response => Self::response(status, body),
        })
    }
}
