//! What the model sees of a call that failed.

use std::any::TypeId;
use std::borrow::Cow;
use std::time::Duration;

use super::FailureKind;
use crate::model::Content;

/// A failure that the model is told about, so that it can do better: the result of the call with `isError`.
///
/// Any error works in a tool's `Result`; this one says more: whether trying again helps, what was wrong with the input,
/// or that nothing will help. The text reaches the model on every exposure.
///
/// ```
/// # use mcp::ToolError;
/// # use std::time::Duration;
/// let busy = ToolError::transient("the database is restarting").retry_after(Duration::from_secs(5));
/// let wrong = ToolError::invalid_input("no city is called \"Atlantis\"; use list_cities for those that exist");
/// let over = ToolError::fatal("the account is closed").code("account_closed");
/// ```
#[derive(Debug)]
pub struct ToolError {
    pub(crate) kind: ToolErrorKind,
    pub(crate) message: String,
    pub(crate) code: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) content: Vec<Content>,
    source: Option<crate::BoxError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ToolErrorKind {
    Transient,
    InvalidInput,
    Fatal,
}

impl ToolError {
    fn new(kind: ToolErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            code: None,
            retry_after: None,
            content: Vec::new(),
            source: None,
        }
    }

    /// It may work later; the model is told to try again.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(ToolErrorKind::Transient, message)
    }

    /// The input was wrong; say what would be right.
    pub fn invalid_input(message: impl Into<String>) -> Self {
        Self::new(ToolErrorKind::InvalidInput, message)
    }

    /// It failed, and trying again will not help.
    pub fn fatal(message: impl Into<String>) -> Self {
        Self::new(ToolErrorKind::Fatal, message)
    }

    /// When to try again. The model is told the time in whole seconds, rounded up; so are programs, in `retryAfter` of the
    /// result's `_meta`.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// A code of your own that programs can tell apart; it is shown with the message.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Content that was ready before it failed; it follows the message.
    #[must_use]
    pub fn partial(mut self, content: impl Into<Content>) -> Self {
        self.content.push(content.into());
        self
    }

    /// What caused it. The cause is logged and never reaches the model.
    #[must_use]
    pub fn source(mut self, source: impl Into<crate::BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The error without secrets.
    pub(crate) fn without(mut self, known: &crate::secrets::Known) -> Self {
        if let Some(hidden) = known.hidden(&self.message) {
            self.message = hidden;
        }
        let cause = crate::handler::causes(&self).and_then(|causes| known.hidden(&causes));
        if let Some(cause) = cause {
            self.source = Some(Box::new(crate::handler::Hidden::new(cause)));
        }
        self
    }

    /// When to try again, in whole seconds.
    pub(crate) fn retry_seconds(&self) -> Option<u64> {
        self.retry_after.map(whole_seconds)
    }

    /// Why it failed, in the terms that hold for all that is asked.
    pub(crate) fn failure(&self) -> FailureKind {
        if self.source.as_deref().is_some_and(|source| source.is::<crate::AskError>()) {
            return FailureKind::Declined;
        }
        match self.kind {
            ToolErrorKind::Transient => FailureKind::Transient,
            ToolErrorKind::InvalidInput => FailureKind::Input,
            ToolErrorKind::Fatal => FailureKind::Fatal,
        }
    }

    /// The text that the model reads.
    pub(crate) fn text(&self) -> String {
        let mut text = self.message.clone();
        if let Some(code) = &self.code {
            text.push_str(&format!(" [{code}]"));
        }
        match (self.kind, self.retry_after) {
            (ToolErrorKind::Transient, None) => text.push_str(" (temporary: trying again later may work)"),
            (_, Some(_)) => {
                let seconds = self.retry_seconds().unwrap_or_default();
                text.push_str(&format!(" (temporary: try again in {seconds} s)"));
            }
            (ToolErrorKind::InvalidInput, None) => {}
            (ToolErrorKind::Fatal, None) => text.push_str(" (trying again will not help)"),
        }
        text
    }
}

/// A time in whole seconds, rounded up: whoever comes back then is not early.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))
}

impl std::fmt::Display for ToolError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ToolError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Whether the text of an error of this type was written for the peer: then it is shown on a public server too.
pub(crate) fn public_type<E: 'static>() -> bool {
    let error = TypeId::of::<E>();
    [
        TypeId::of::<ToolError>(),
        TypeId::of::<crate::Error>(),
        TypeId::of::<String>(),
        TypeId::of::<&'static str>(),
        TypeId::of::<Cow<'static, str>>(),
    ]
    .contains(&error)
}
