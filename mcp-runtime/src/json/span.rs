//! A place in a text that is kept elsewhere.

/// A piece of the scanned text, as byte offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    pub(crate) fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) fn encloses(self, inner: Self) -> bool {
        self.start < inner.start && inner.end < self.end
    }

    /// Whether it is written just so.
    pub(crate) fn is(self, text: &str, written: &str) -> bool {
        self.end - self.start == written.len()
            && text.as_bytes().get(self.start..self.end) == Some(written.as_bytes())
    }
}
