//! Where `$ref` leads within a document: a JSON pointer in a URI fragment, so that names of other letters than ASCII's are
//! percent-encoded (RFC 6901, section 6). It knows nothing of what stands there.

use std::borrow::Cow;

use serde_json::Value;

/// What a reference of the document `root` leads to.
pub(crate) fn target<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(&decoded(reference.strip_prefix('#')?)?)
}

/// What is called so: the last segment.
pub(crate) fn name(reference: &str) -> String {
    let last = reference.rsplit('/').next().unwrap_or_default();
    decoded(last).unwrap_or(Cow::Borrowed(last)).replace("~1", "/").replace("~0", "~")
}

/// Without percent-encoding. None where it is no text.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = match (first, behind) {
            (b'%', [high, low, ..]) => {
                let digit = |digit: &u8| char::from(*digit).to_digit(16);
                digit(high).zip(digit(low)).and_then(|(high, low)| u8::try_from(high << 4 | low).ok())
            }
            _ => None,
        };
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}
