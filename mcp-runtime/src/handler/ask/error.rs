//! Why a question has no answer.

use std::fmt;

use serde_json::Value;

use crate::error::ErrorKind;
use crate::json::shortened;
use crate::model::declaration;
use crate::{Error, ToolError};

/// Why a question to the client has no answer.
///
/// `?` makes of it what the model should read; see each variant for what else can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AskError {
    /// The person said no.
    Declined {
        /// What was asked.
        question: String,
    },
    /// The person said neither yes nor no, such as by closing the window.
    Dismissed {
        /// What was asked.
        question: String,
    },
    /// The client did not declare that it can be asked this. Go on without an answer, or let `?` say what is missing.
    Unsupported {
        /// The capability, from the outside inwards, such as `["elicitation", "url"]`.
        required: &'static [&'static str],
    },
    /// There is no way back to the client: it reads one reply and no more, or it is not the function itself that asks.
    Unreachable,
    /// The client has not answered in time.
    TimedOut,
    /// The client answered, but not what was asked.
    Malformed {
        /// What is wrong with it.
        detail: String,
    },
    /// The client answered with an error.
    Failed {
        /// The error's number.
        code: i64,
        /// What it says.
        message: String,
    },
    /// What was asked cannot be asked: the type is no form, or the request is no request.
    Unaskable {
        /// Why.
        detail: String,
    },
}

impl AskError {
    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self::Malformed { detail: detail.into() }
    }

    /// The error that a client answered with.
    pub(super) fn failed(error: &Value) -> Self {
        let message = error.get("message").and_then(Value::as_str).unwrap_or("no reason was given");
        Self::Failed {
            code: error.get("code").and_then(Value::as_i64).unwrap_or_default(),
            message: shortened(message).into_owned(),
        }
    }

    /// The error of the protocol that stands for it, where there is one of its own.
    pub(crate) fn missing_capability(&self) -> Option<Error> {
        let Self::Unsupported { required } = self else { return None };
        Some(Error {
            kind: ErrorKind::MissingCapability { required: declaration(required) },
            message: self.to_string(),
        })
    }
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declined { question } => write!(f, "the user declined: {question}"),
            Self::Dismissed { question } => write!(f, "the user gave no answer: {question}"),
            Self::Unsupported { required } => {
                write!(f, "the client did not declare the capability {}", required.join("."))
            }
            Self::Unreachable => f.write_str("the client cannot be asked from here"),
            Self::TimedOut => f.write_str("the client has not answered in time"),
            Self::Malformed { detail } => write!(f, "the client's answer is wrong: {detail}"),
            Self::Failed { code, message } => write!(f, "the client answered with error {code}: {message}"),
            Self::Unaskable { detail } => write!(f, "this cannot be asked: {detail}"),
        }
    }
}

impl std::error::Error for AskError {}

impl From<AskError> for ToolError {
    fn from(error: AskError) -> Self {
        let told = error.to_string();
        match &error {
            AskError::Dismissed { .. } | AskError::TimedOut => Self::transient(told),
            _ => Self::fatal(told),
        }
        .source(error)
    }
}

impl From<AskError> for Error {
    fn from(error: AskError) -> Self {
        error.missing_capability().unwrap_or_else(|| Self::internal(error.to_string()))
    }
}
