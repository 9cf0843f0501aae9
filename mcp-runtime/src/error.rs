//! What can go wrong, by who is told: [`Error`] reaches the peer as a JSON-RPC error, [`ToolError`] reaches the model as
//! the result of its call, [`ServerError`] reaches whoever starts the server.

mod failure;
mod server;
mod tool;

use std::time::Duration;

use crate::json::shortened;
pub use failure::FailureKind;
pub use server::{BuildError, ServerError};
pub use tool::ToolError;
pub(crate) use tool::{ToolErrorKind, public_type, whole_seconds};

/// The boxed error that `?` makes of any error.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What `main` returns: `async fn main() -> mcp::Result<()>`.
pub type Result<T = (), E = ServerError> = std::result::Result<T, E>;

/// An error of the protocol: the request itself could not be served.
///
/// A tool that ran and failed is not such an error: see [`ToolError`]. Resources and prompts return it where the kind
/// matters to the client; any other error of theirs becomes [`ErrorKind::Internal`].
///
/// ```
/// # use mcp::Error;
/// let error = Error::resource_not_found("logs://app/1999-01-01");
/// assert_eq!(error.to_string(), "resource not found: logs://app/1999-01-01");
/// ```
#[derive(Debug, Clone)]
pub struct Error {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
}

/// What kind of protocol error it is. Each revision of the protocol has its own number for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The method does not exist, or the server does not offer what it belongs to.
    MethodNotFound,
    /// The parameters are wrong: an unknown tool or prompt, a missing prompt argument, an invalid cursor.
    InvalidParams,
    /// No resource has this URI.
    ResourceNotFound {
        /// The URI that was asked for.
        uri: String,
    },
    /// The client did not declare what the server needs of it.
    MissingCapability {
        /// What it would have to declare, as it stands among a client's capabilities.
        required: serde_json::Value,
    },
    /// The caller is not allowed to do that. Over HTTP he is told with 403 which scopes to ask for.
    InsufficientScope {
        /// All the scopes that it takes.
        required: Vec<String>,
    },
    /// There is no room for it just now: it was not done, and may be asked again later.
    Busy,
    /// The caller has asked for too much: it was not done.
    RateLimited {
        /// When it may be asked again.
        retry_after: Duration,
    },
    /// What would serve it is out of order or overloaded: it was not done.
    Unavailable {
        /// When it may be asked again.
        retry_after: Duration,
    },
    /// The server failed.
    Internal,
}

impl Error {
    /// The parameters of the request are wrong.
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::InvalidParams, message: message.into() }
    }

    /// No resource has this URI.
    pub fn resource_not_found(uri: impl Into<String>) -> Self {
        let uri = uri.into();
        Self {
            message: format!("resource not found: {}", shortened(&uri)),
            kind: ErrorKind::ResourceNotFound { uri },
        }
    }

    /// The server failed; the message reaches the client.
    pub fn internal(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Internal, message: message.into() }
    }

    /// The caller needs all of these scopes for `what`. A function says it where only its arguments tell what is needed;
    /// for the rest there is `scopes("…")` in the attributes.
    ///
    /// ```
    /// # use mcp::Error;
    /// let error = Error::insufficient_scope("a refund over 1000 euros", ["orders:refund"]);
    /// assert_eq!(error.to_string(), "a refund over 1000 euros needs the scope orders:refund");
    /// ```
    pub fn insufficient_scope<S: Into<String>>(
        what: impl std::fmt::Display,
        required: impl IntoIterator<Item = S>,
    ) -> Self {
        let required: Vec<String> = required.into_iter().map(Into::into).collect();
        let scopes = if required.len() == 1 { "scope" } else { "scopes" };
        let message = format!("{what} needs the {scopes} {}", required.join(" "));
        Self { kind: ErrorKind::InsufficientScope { required }, message }
    }

    pub(crate) fn busy(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Busy, message: message.into() }
    }

    /// The client did not declare an extension.
    pub(crate) fn missing_extension(id: &str) -> Self {
        Self {
            kind: ErrorKind::MissingCapability { required: crate::model::declaration(&["extensions", id]) },
            message: format!("the client did not declare the extension {id}"),
        }
    }

    pub(crate) fn method_not_found(method: &str) -> Self {
        Self { kind: ErrorKind::MethodNotFound, message: format!("method not found: {}", shortened(method)) }
    }

    /// Why it failed, in the terms that hold for all that is asked.
    pub(crate) fn failure(&self) -> FailureKind {
        match self.kind {
            ErrorKind::MethodNotFound
            | ErrorKind::InvalidParams
            | ErrorKind::ResourceNotFound { .. }
            | ErrorKind::MissingCapability { .. } => FailureKind::Input,
            ErrorKind::InsufficientScope { .. } => FailureKind::Forbidden,
            ErrorKind::Busy | ErrorKind::RateLimited { .. } | ErrorKind::Unavailable { .. } => {
                FailureKind::Refused
            }
            ErrorKind::Internal => FailureKind::Unexpected,
        }
    }

    /// What kind of error it is.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
