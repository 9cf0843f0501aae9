//! The same for texts that stand in JSON: what is marked stays JSON, since no mark has a character that JSON escapes.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, Visitor};

use super::clean::{Look, clean};

/// JSON with everything marked in its texts, where something is.
pub(crate) fn clean_json(json: &str, look: Look) -> Option<String> {
    if look == Look::NOTHING {
        return None;
    }
    // Mostly there is nothing to mark, and only texts with escapes do not stand there as they are. Words of several texts may look
    // like those of one.
    let marked = |raw: &str| text_of(raw).is_some_and(|text| clean(&text, look).is_some());
    if clean(json, look).is_none() && !escaped(json).any(marked) {
        return None;
    }
    each_text(json, |text| clean(text, look))
}

/// The texts in which something is escaped, as they stand there.
fn escaped(json: &str) -> impl Iterator<Item = &str> {
    let bytes = json.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..)?;
        let before = rest.get(..memchr::memchr(b'\\', rest)?)?;
        // No quote before it is escaped, so the last one begins the text.
        let start = at + memchr::memrchr(b'"', before)?;
        at = end_of(json, start)?;
        json.get(start..at)
    })
}

/// JSON with some of its texts changed, where one is.
pub(crate) fn each_text(json: &str, mut change: impl FnMut(&str) -> Option<String>) -> Option<String> {
    let mut changed: Option<String> = None;
    let mut kept = 0;
    let mut at = 0;
    while let Some(start) = memchr::memchr(b'"', json.as_bytes().get(at..)?).map(|found| at + found) {
        let Some(end) = end_of(json, start) else { break };
        let raw = json.get(start..end)?;
        if let Some(text) = text_of(raw).and_then(|text| change(&text)) {
            let into = changed.get_or_insert_default();
            into.push_str(json.get(kept..start)?);
            into.push_str(&serde_json::to_string(&text).ok()?);
            kept = end;
        }
        at = end;
    }
    let mut changed = changed?;
    changed.push_str(json.get(kept..)?);
    Some(changed)
}

/// What a text of JSON says. Halves of characters, which JSON can say and a text cannot, are shown as what they are: nothing; whoever
/// reads the rest does not stumble over them, so they hide nothing.
fn text_of(raw: &str) -> Option<Cow<'_, str>> {
    struct Bytes;

    impl Visitor<'_> for Bytes {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
            Ok(String::from_utf8_lossy(bytes).into_owned())
        }
    }

    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(inner.into());
    }
    serde_json::Deserializer::from_str(raw).deserialize_bytes(Bytes).ok().map(Into::into)
}

/// The place behind a text of JSON.
fn end_of(json: &str, start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        let rest = json.as_bytes().get(at..)?;
        let found = memchr::memchr2(b'"', b'\\', rest)?;
        if rest[found] == b'"' {
            return Some(at + found + 1);
        }
        at += found + 2;
    }
}
