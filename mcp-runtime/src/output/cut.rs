//! Results that are too long for a model: they are cut, and the rest is kept for whoever called.

use std::sync::Arc;

use crate::handles::{Vault, purpose};
use crate::model::{Content, Link, Principal, ToolResult};
use crate::output::rest;

/// What it takes to cut the result of one call.
pub(crate) struct Cutting {
    pub(super) vault: Arc<Vault>,
    pub(super) principal: Principal,
    pub(super) most: usize,
    pub(super) by_tool: bool,
}

/// What a rest is sealed for.
pub(super) fn bound(principal: &Principal, id: &str) -> Vec<u8> {
    purpose("result", principal, id)
}

impl Cutting {
    /// Whether there is more text in a result than is given at once.
    pub(crate) fn is_needed(&self, result: &ToolResult) -> bool {
        let own = || result.structured.as_ref().map_or(0, String::len);
        let texts = result.content.iter().filter_map(Content::as_text).map(str::len).sum();
        let length = if result.content.is_empty() { own() } else { texts };
        length > self.most
    }

    /// Gives the beginning, and says where the rest is. What a program reads stays whole.
    pub(crate) async fn cut(self: Box<Self>, mut result: ToolResult) -> ToolResult {
        if result.content.is_empty() {
            result.content.extend(result.structured.clone().map(Content::text));
        }
        let whole: usize = result.content.iter().filter_map(Content::as_text).map(str::len).sum();
        let rest = split(&mut result.content, self.most);
        let given = whole - rest.len();
        let parts = parts(&rest, self.most);
        let Some(id) = self.keep(&parts).await else {
            result.content.push(Content::text(format!(
                "[cut: these are {given} of {whole} bytes, and the rest could not be kept; ask for less at once]"
            )));
            return result;
        };
        let (last, minutes) = (parts.len(), self.vault.keep().as_secs() / 60);
        let first = rest::uri(&id, 1);
        let tool = match self.by_tool {
            true => format!(", or call {} with {{\"id\": \"{id}\", \"part\": 1}}", rest::TOOL),
            false => String::new(),
        };
        let said = match last {
            1 => format!("the rest is the resource {first}{tool}"),
            _ => format!("the rest is in {last} parts: read {first} to {}{tool}", rest::uri(&id, last)),
        };
        result.content.push(Content::text(format!(
            "[cut: these are {given} of {whole} bytes; for {minutes} minutes {said}]"
        )));
        result
            .content
            .push(Link::new(first, "rest").title("The rest of the result").mime("text/plain").into());
        result
    }

    async fn keep(&self, parts: &[String]) -> Option<String> {
        let json = serde_json::to_vec(parts).ok()?;
        let id = self.vault.mint().ok()?;
        let purpose = bound(&self.principal, &id);
        match self.vault.put(&id, &json, &purpose, &self.principal).await {
            Ok(()) => Some(id),
            Err(trouble) => {
                tracing::warn!(?trouble, "the rest of a result could not be kept");
                None
            }
        }
    }
}

/// Leaves so much text in the blocks, and takes the rest out.
fn split(content: &mut Vec<Content>, most: usize) -> String {
    let mut left = most;
    let mut rest: Option<String> = None;
    content.retain_mut(|block| {
        let Some(text) = block.text_mut() else { return true };
        match &mut rest {
            None if text.len() <= left => {
                left -= text.len();
                true
            }
            None => {
                let at = boundary(text, left);
                rest = Some(text.split_off(at));
                !text.is_empty()
            }
            Some(rest) => {
                rest.push('\n');
                rest.push_str(text);
                false
            }
        }
    });
    rest.unwrap_or_default()
}

/// The rest in pieces of so many bytes at most.
fn parts(mut rest: &str, most: usize) -> Vec<String> {
    let mut parts = Vec::new();
    while rest.len() > most {
        let at = boundary(rest, most);
        let (part, more) = rest.split_at(at);
        parts.push(part.to_owned());
        rest = more;
    }
    parts.push(rest.to_owned());
    parts
}

/// Where to cut a longer text: behind the last line that fits, unless that is much shorter, and never in a character.
fn boundary(text: &str, most: usize) -> usize {
    let before = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let end = before(most.min(text.len()));
    let start = before(end - end / 4);
    match text.get(start..end).and_then(|last| last.rfind('\n')) {
        Some(line) => start + line + 1,
        None => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_and_no_character_is_cut() {
        for text in
            ["äöü".repeat(100), "one line\n".repeat(50), "no end ".repeat(40), "👩\u{200d}🚀".repeat(30)]
        {
            for most in 4..40 {
                let parts = parts(&text, most);
                assert!(parts.iter().all(|part| part.len() <= most && !part.is_empty()), "{parts:?}");
                assert_eq!(parts.concat(), text);
            }
        }
        assert_eq!(parts("aaaaaaaa\nbbbb\ncc", 10), ["aaaaaaaa\n", "bbbb\ncc"]);
    }

    #[test]
    fn what_is_no_text_stays() {
        let mut content = vec![
            Content::text("0123456789"),
            Link::new("a://b", "c").into(),
            Content::text("abc"),
            Content::text("d"),
        ];
        assert_eq!(split(&mut content, 11), "bc\nd");
        assert_eq!(content.len(), 3);
        assert_eq!(content[2].as_text(), Some("a"));
    }
}
