//! Looking at eight bytes of text at once, as one number: most of a message stands for itself.

/// Writes a text as a JSON string.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    if is_plain(text.as_bytes()) {
        out.reserve(text.len() + 2);
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        // A text always has a form in JSON, and a buffer takes whatever is written.
        let _ = serde_json::to_writer(out, text);
    }
}

/// Whether every byte stands for itself.
fn is_plain(bytes: &[u8]) -> bool {
    let (groups, rest) = bytes.as_chunks();
    groups.iter().all(|group| first_special(*group).is_none())
        && rest.iter().all(|byte| !matches!(byte, b'"' | b'\\' | ..0x20))
}

/// Where in eight bytes of a string the first one stands that needs a look: a quote, a backslash or a control character.
pub(super) fn first_special(group: [u8; 8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    /// Sets the high bit of a byte that is less than `limit`, and of none before the first such byte.
    const fn less(word: u64, limit: u64) -> u64 {
        word.wrapping_sub(ONES * limit) & !word & HIGHS
    }
    let word = u64::from_le_bytes(group);
    let quotes = less(word ^ (ONES * b'"' as u64), 1);
    let backslashes = less(word ^ (ONES * b'\\' as u64), 1);
    match less(word, 0x20) | quotes | backslashes {
        0 => None,
        found => Some(found.trailing_zeros() as usize / 8),
    }
}
