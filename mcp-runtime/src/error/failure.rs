//! Why a request failed, for layers and metrics: what the texts say in words.

/// Why a request failed.
///
/// ```
/// # use mcp::{FailureKind, Response};
/// /// Whether somebody should be woken up.
/// fn is_alarming(response: &Response) -> bool {
///     matches!(response.failure(), Some(FailureKind::Unexpected | FailureKind::Panicked))
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// What was asked for was wrong: arguments, a name, a URI, or what a function refused as invalid input.
    Input,
    /// The caller may not do it.
    Forbidden,
    /// A function said that it may work later.
    Transient,
    /// A function said that trying again does not help.
    Fatal,
    /// A function failed with any other error.
    Unexpected,
    /// A function panicked.
    Panicked,
    /// The client, or the person at it, did not answer what a function asked.
    Declined,
    /// A function took too long.
    TimedOut,
    /// A limit was reached, or the function is known to be out of order. It was not run.
    Refused,
}

impl FailureKind {
    /// One word for it, such as `timed_out`, for logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Forbidden => "forbidden",
            Self::Transient => "transient",
            Self::Fatal => "fatal",
            Self::Unexpected => "unexpected",
            Self::Panicked => "panicked",
            Self::Declined => "declined",
            Self::TimedOut => "timed_out",
            Self::Refused => "refused",
        }
    }
}
