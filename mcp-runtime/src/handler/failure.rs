//! What becomes of an error that a function returned.

use super::AskError;
use crate::error::{ErrorKind, public_type};
use crate::model::{Facts, ToolResult};
use crate::secrets::Known;
use crate::{BoxError, Error, ToolError};

/// An error that a function returned.
#[derive(Debug)]
pub(crate) enum Failure {
    Tool(ToolError),
    Protocol(Error),
    /// Any other error; `public` where its text was written to be read by the peer.
    Other {
        error: BoxError,
        public: bool,
    },
}

impl Failure {
    pub(crate) fn new<E: Into<BoxError> + 'static>(error: E) -> Self {
        let error = error.into();
        if let Some(missing) = missing_capability(&*error) {
            return Self::Protocol(missing);
        }
        let error = match error.downcast::<AskError>() {
            Ok(error) => return Self::Tool((*error).into()),
            Err(error) => error,
        };
        let error = match error.downcast::<ToolError>() {
            Ok(error) => return Self::Tool(*error),
            Err(error) => error,
        };
        match error.downcast::<Error>() {
            Ok(error) => Self::Protocol(*error),
            Err(error) => Self::Other { error, public: public_type::<E>() },
        }
    }

    /// The failure without secrets, before anything of it is logged or told.
    pub(crate) fn without(self, known: &Known) -> Self {
        match self {
            Self::Other { error, public } => {
                let cause = causes(&*error);
                let said = error.to_string();
                let hidden = known.hidden(&said);
                let hidden_cause = cause.as_deref().and_then(|cause| known.hidden(cause));
                if hidden.is_none() && hidden_cause.is_none() {
                    return Self::Other { error, public };
                }
                let cause = hidden_cause.or(cause).map(|cause| Hidden { said: cause, cause: None });
                let hidden = Hidden { said: hidden.unwrap_or(said), cause: cause.map(Box::new) };
                Self::Other { error: Box::new(hidden), public }
            }
            Self::Tool(error) => Self::Tool(error.without(known)),
            Self::Protocol(error) => Self::Protocol(error),
        }
    }

    /// The error that says what the client did not declare, where that is what is missing.
    pub(crate) fn missing_capability(&self) -> Option<Error> {
        match self {
            Self::Protocol(error) if matches!(error.kind, ErrorKind::MissingCapability { .. }) => {
                Some(error.clone())
            }
            _ => None,
        }
    }

    /// Whether the caller would have to be allowed more.
    pub(crate) fn insufficient_scope(&self) -> bool {
        matches!(self, Self::Protocol(error) if matches!(error.kind, ErrorKind::InsufficientScope { .. }))
    }

    /// The result of a tool that failed.
    pub(crate) fn into_tool_result(self, function: &str, facts: &Facts) -> ToolResult {
        match self {
            Self::Tool(error) => {
                note(function, &error, facts);
                let kind = error.failure();
                ToolResult::failed(error, kind)
            }
            Self::Protocol(error) => ToolResult::error(error.to_string()).because(error.failure()),
            Self::Other { error, public } => ToolResult::error(text(function, &*error, public, facts)),
        }
    }

    /// The error that answers the read of a resource or the use of a prompt.
    pub(crate) fn into_error(self, function: &str, facts: &Facts) -> Error {
        match self {
            Self::Protocol(error) => error,
            Self::Tool(error) => {
                note(function, &error, facts);
                match error.kind {
                    crate::error::ToolErrorKind::InvalidInput => Error::invalid_params(error.text()),
                    _ => Error::internal(error.text()),
                }
            }
            Self::Other { error, public } => Error::internal(text(function, &*error, public, facts)),
        }
    }
}

/// An error whose secrets were taken out.
#[derive(Debug)]
pub(crate) struct Hidden {
    said: String,
    cause: Option<Box<Hidden>>,
}

impl Hidden {
    /// An error that says this and comes of nothing.
    pub(crate) fn new(said: String) -> Self {
        Self { said, cause: None }
    }
}

impl std::fmt::Display for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.said)
    }
}

impl std::error::Error for Hidden {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// What the client should have declared, where that is what an error comes from.
fn missing_capability(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    /// Nobody wraps an error more often, unless in a circle.
    const DEEPEST: usize = 16;
    let chain = std::iter::successors(Some(error), |error| error.source()).take(DEEPEST);
    chain.filter_map(|error| error.downcast_ref::<AskError>()).find_map(AskError::missing_capability)
}

/// What an error comes from, down to its beginning, each as it says itself.
fn chain(error: &(dyn std::error::Error + 'static)) -> Vec<String> {
    /// Nobody wraps an error more often, unless in a circle.
    const DEEPEST: usize = 16;
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.take(DEEPEST).map(ToString::to_string).collect()
}

/// All of what an error comes from.
pub(crate) fn causes(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    Some(chain(error).join(": ")).filter(|causes| !causes.is_empty())
}

/// The same for the log: what only repeats the one before is left out.
fn cause(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut causes = chain(error);
    let mut before = error.to_string();
    causes.retain(|cause| !std::mem::replace(&mut before, cause.clone()).contains(cause));
    Some(causes.join(": ")).filter(|causes| !causes.is_empty())
}

fn note(function: &str, error: &ToolError, facts: &Facts) {
    if let Some(cause) = cause(error) {
        let number = facts.correlation();
        tracing::warn!(function, %error, cause, number, "a function failed");
    }
}

/// What the peer reads of an error, which is never more than its `Display`; the log has the rest, under the number of the
/// request.
fn text(
    function: &str,
    error: &(dyn std::error::Error + Send + Sync + 'static),
    public: bool,
    facts: &Facts,
) -> String {
    let cause = cause(error);
    let number = facts.correlation();
    if public || !facts.public {
        tracing::warn!(function, %error, cause, number, "a function failed");
        return error.to_string();
    }
    tracing::error!(function, %error, cause, number, "a function failed; the peer was told the number only");
    format!("internal error (number {number})")
}
