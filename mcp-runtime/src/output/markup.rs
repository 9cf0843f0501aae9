//! What poses as the frame of a conversation, or as its instructions.
//!
//! The words are those of `prose`; here is which of them a result has no reason to say. What a description must not say to
//! the model, such as "always call this first", letters and manuals say to people all the time.

use crate::prose::{OVERRULE, OVERRULE_ABOVE, OVERRULE_SYSTEM, PROMPT, Phrase, TURNS, character, phrase_at};

/// Tags that a description may need to name.
const TAGS: Phrase = &[&[b"<system>", b"</system-reminder>", b"</system_prompt>", b"</system-prompt>"]];

/// A byte that a frame begins with.
pub(super) const fn is_bracket(byte: u8) -> bool {
    matches!(byte, b'<' | b'[')
}

/// A letter that each of the verbs has and few other words do.
pub(super) const fn is_rare(byte: u8) -> bool {
    matches!(byte, b'g' | b'G' | b'v' | b'V')
}

/// Where the frame ends that begins at a bracket.
pub(super) fn frame(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    match bytes.get(at + 1)? {
        b'|' => special(bytes, at + 2, b"|>"),
        // DeepSeek writes its own with bars of full width.
        0xef if bytes[at + 1..].starts_with("｜".as_bytes()) => special(bytes, at + 4, "｜>".as_bytes()),
        b'/' | b'<' | b'i' | b'I' | b's' | b'S' | b'e' | b'E' => {
            phrase_at(bytes, at, TURNS, 0).or_else(|| phrase_at(bytes, at, TAGS, 0))
        }
        _ => None,
    }
}

/// Where a special token ends, such as `<|im_start|>`. New models have new ones, all of this form.
fn special(bytes: &[u8], name: usize, close: &[u8]) -> Option<usize> {
    const LONGEST: usize = 40;
    let mut at = name;
    while at < bytes.len() && at - name < LONGEST {
        if at > name && bytes[at..].starts_with(close) {
            return Some(at + close.len());
        }
        let (c, length) = character(bytes, at);
        if !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\u{2581}')) {
            return None;
        }
        at += length;
    }
    None
}

/// Each verb with the place of its rare letter.
const VERBS: [(&[u8], usize, &[Phrase]); 5] = [
    (b"ignore", 1, &[OVERRULE, OVERRULE_ABOVE, OVERRULE_SYSTEM, PROMPT]),
    (b"disregard", 5, &[OVERRULE, OVERRULE_ABOVE, OVERRULE_SYSTEM]),
    (b"forget", 3, &[OVERRULE, OVERRULE_ABOVE, OVERRULE_SYSTEM]),
    (b"override", 1, &[OVERRULE, OVERRULE_ABOVE, PROMPT]),
    (b"reveal", 2, &[PROMPT]),
];

/// Where an instruction begins and ends whose verb has its rare letter at a place.
pub(super) fn instruction(text: &str, at: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    VERBS.iter().find_map(|(verb, rare, phrases)| {
        let start = at.checked_sub(*rare)?;
        let word = bytes.get(start..start + verb.len())?;
        if !word.eq_ignore_ascii_case(verb) || (start > 0 && bytes[start - 1].is_ascii_alphanumeric()) {
            return None;
        }
        phrases.iter().find_map(|phrase| phrase_at(bytes, start, phrase, 0)).map(|end| (start, end))
    })
}
