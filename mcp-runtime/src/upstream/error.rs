//! Why a call of a dependency gave no result.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Verdict;
use crate::ToolError;

/// Why a call of an [`Upstream`](super::Upstream) gave no result.
///
/// With `?` it becomes a [`ToolError`] that names the dependency and says whether to try again; what the dependency said is
/// logged and does not reach the model, for it may hold addresses and secrets. To say more, match on it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpstreamError<E> {
    /// The last attempt ended with this error.
    Failed {
        /// What the dependency is called.
        name: String,
        /// What the error says of trying again.
        verdict: Verdict,
        /// The error.
        error: E,
    },
    /// The last attempt took too long, or there was no time left for one.
    TimedOut {
        /// What the dependency is called.
        name: String,
    },
    /// The dependency has failed several times and is not asked for a while.
    Unavailable {
        /// What the dependency is called.
        name: String,
        /// In how long it is asked again.
        retry_after: Duration,
    },
    /// A call that is made [once](super::Upstream::once) was begun, and nobody knows whether anything was done.
    Unknown {
        /// What the dependency is called.
        name: String,
        /// The error, if there was one.
        error: Option<E>,
    },
}

impl<E> UpstreamError<E> {
    /// The error that the dependency gave, if it gave one.
    pub fn error(&self) -> Option<&E> {
        match self {
            Self::Failed { error, .. } => Some(error),
            Self::Unknown { error, .. } => error.as_ref(),
            Self::TimedOut { .. } | Self::Unavailable { .. } => None,
        }
    }
}

impl<E> fmt::Display for UpstreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { name, verdict: Verdict::Refused, .. } => {
                write!(f, "{name} refused what it was asked")
            }
            Self::Failed { name, .. } => write!(f, "{name} failed"),
            Self::TimedOut { name } => write!(f, "{name} did not answer in time"),
            Self::Unavailable { name, .. } => write!(f, "{name} is out of order"),
            Self::Unknown { name, .. } => {
                write!(f, "{name} did not say whether it was done: find that out before it is tried again")
            }
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for UpstreamError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error().map(|error| error as _)
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<UpstreamError<E>> for ToolError {
    fn from(error: UpstreamError<E>) -> Self {
        let told = told(&error);
        match error {
            UpstreamError::Failed { error, .. } | UpstreamError::Unknown { error: Some(error), .. } => {
                told.source(error)
            }
            _ => told,
        }
    }
}

/// The same of an error that several callers share: see [`Cached`](super::Cached).
impl<E: std::error::Error + Send + Sync + 'static> From<Arc<UpstreamError<E>>> for ToolError {
    fn from(error: Arc<UpstreamError<E>>) -> Self {
        told(&error).source(error)
    }
}

fn told<E>(error: &UpstreamError<E>) -> ToolError {
    let told = error.to_string();
    match error {
        UpstreamError::Failed { verdict: Verdict::Transient, .. } | UpstreamError::TimedOut { .. } => {
            ToolError::transient(told)
        }
        UpstreamError::Failed { verdict: Verdict::After(wait), .. } => {
            ToolError::transient(told).retry_after(*wait)
        }
        UpstreamError::Failed { .. } => ToolError::fatal(told),
        UpstreamError::Unknown { .. } => ToolError::fatal(told).code("outcome_unknown"),
        UpstreamError::Unavailable { retry_after, .. } => {
            ToolError::transient(told).retry_after(*retry_after)
        }
    }
}
