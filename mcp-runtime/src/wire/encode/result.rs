//! What a tool gave.

use serde_json::Value;

use super::super::envelope::Id;
use super::super::revision::Revision;
use super::content::{blocks, plain_text};
use super::{Answer, member};
use crate::model::ToolResult;

impl Answer {
    pub(super) fn tool_result(&self, out: &mut Vec<u8>, result: &ToolResult) {
        match &result.structured {
            // Clients that know no structured results, and models, read its text.
            Some(structured) if result.content.is_empty() => {
                out.extend_from_slice(b"\"content\":[");
                plain_text(out, structured);
                out.push(b']');
            }
            _ => blocks(out, &result.content, self.revision),
        }
        if let Some(structured) = &result.structured
            && self.revision.has_structured_results()
            && (self.revision.any_structured_result() || structured.starts_with('{'))
        {
            out.extend_from_slice(b",\"structuredContent\":");
            let start = out.len();
            out.extend_from_slice(structured.as_bytes());
            // JSON that was passed on as it came may have line ends, all of them white space. A message has none.
            if memchr::memchr2(b'\n', b'\r', structured.as_bytes()).is_some() {
                let written = out.get_mut(start..).unwrap_or_default();
                written.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
            }
        }
        if result.is_error {
            out.extend_from_slice(b",\"isError\":true");
        }
    }
}

/// The result of a call whose answer is asked for later, in the newest revision's way.
pub(crate) fn result_to_keep(result: ToolResult) -> Value {
    let id = Id::read("0");
    let answer = id.map(|id| Answer::new(&id, Revision::LATEST_STATELESS));
    let mut out = b"{\"resultType\":\"complete\",".to_vec();
    if let Some(answer) = answer {
        answer.tool_result(&mut out, &result);
    }
    if !result.meta.is_empty() {
        out.push(b',');
        member(&mut out, "_meta", &result.meta);
    }
    out.push(b'}');
    serde_json::from_slice(&out).unwrap_or_default()
}
