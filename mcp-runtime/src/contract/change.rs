//! A change of what is published, and what it means to those who call.

use std::fmt;

/// What a change means to those who have read what was published before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Only texts and pictures changed. Models read texts, so it is worth a look.
    Wording,
    /// There is more than before, and what was there works as it did.
    Additive,
    /// What worked may not work any more.
    Breaking,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wording => "wording only",
            Self::Additive => "additive",
            Self::Breaking => "breaking for callers",
        })
    }
}

/// One change of what is published.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// What it means to callers.
    pub verdict: Verdict,
    /// What changed, such as `tool "add"`.
    pub item: String,
    /// How.
    pub what: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.item, self.what)
    }
}
