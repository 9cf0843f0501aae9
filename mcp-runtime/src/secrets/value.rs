//! A text that is shown to nobody.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

/// The text of a secret. It has no `Display`, its `Debug` says nothing of it, and its memory is overwritten when the last clone of
/// it goes.
#[derive(Clone)]
pub struct SecretValue(Arc<Bytes>);

struct Bytes(Box<[u8]>);

impl SecretValue {
    /// Takes a text. The memory that it was in is overwritten.
    pub fn new(text: impl Into<String>) -> Self {
        let mut given = text.into().into_bytes();
        let kept = given.as_slice().into();
        overwrite(&mut given);
        Self(Arc::new(Bytes(kept)))
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        // Only texts are put in.
        std::str::from_utf8(&self.0.0).unwrap_or_default()
    }
}

impl PartialEq for SecretValue {
    /// Takes as long wherever they differ.
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&self.0.0, &other.0.0);
        a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

impl Eq for SecretValue {}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(…)")
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        overwrite(&mut self.0);
    }
}

/// The compiler cannot know that nobody looks.
pub(super) fn overwrite(bytes: &mut [u8]) {
    bytes.fill(0);
    black_box(bytes);
}
