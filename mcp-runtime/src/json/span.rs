//! A place in a text that is kept elsewhere.

/// A piece of the scanned text, as byte offsets. They are small because many are noted of each message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// A text longer than this, in bytes, cannot be cut into pieces.
    pub(crate) const LONGEST_TEXT: usize = u32::MAX as usize;

    /// What stands from `start` up to `end` in a text that is not longer than [`LONGEST_TEXT`](Self::LONGEST_TEXT).
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// What stands between the quotes of a string.
    pub(crate) fn inner(self) -> Self {
        Self { start: self.start + 1, end: self.end.saturating_sub(1) }
    }

    pub(crate) fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// The same, where it is only to be compared.
    pub(crate) fn bytes(self, text: &str) -> &[u8] {
        text.as_bytes().get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    pub(crate) fn encloses(self, inner: Self) -> bool {
        self.start < inner.start && inner.end < self.end
    }

    /// Whether it is written just so.
    #[inline(always)]
    pub(crate) fn is(self, text: &str, written: &str) -> bool {
        (self.end - self.start) as usize == written.len() && self.bytes(text) == written.as_bytes()
    }
}
