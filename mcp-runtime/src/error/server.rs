//! What keeps a server from starting.

use std::fmt;
use std::io;

use crate::settings::ConfigError;

/// Why a server could not be built, started or served.
///
/// Its `Debug` form is its `Display` form, because that is what Rust prints when `main` returns it.
#[non_exhaustive]
pub enum ServerError {
    /// The definitions do not fit together.
    Build(BuildError),
    /// The settings cannot be understood.
    Config(ConfigError),
    /// The address could not be listened at.
    Bind {
        /// The address that was asked for.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The address can be reached from other machines, and nothing says who may reach it.
    Exposed {
        /// The address that was asked for.
        address: String,
    },
    /// Reading from or writing to the peer failed.
    Transport(io::Error),
    /// The command line asked for something that cannot be done.
    Command(String),
    /// What the author's own code could not do, before or after it served.
    Other(crate::BoxError),
}

impl ServerError {
    /// What the author's own code could not do, such as opening a database before it serves.
    ///
    /// ```no_run
    /// # use mcp::ServerError;
    /// # async fn run() -> mcp::Result<()> {
    /// let names = std::fs::read_to_string("names.txt").map_err(ServerError::other)?;
    /// mcp::server!().state(names).run().await
    /// # }
    /// ```
    pub fn other(error: impl Into<crate::BoxError>) -> Self {
        Self::Other(error.into())
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(error) => error.fmt(f),
            Self::Config(error) => error.fmt(f),
            Self::Bind { address, source } => write!(f, "cannot listen at {address}: {source}"),
            Self::Exposed { address } => write!(
                f,
                "{address} can be reached from other machines: say who may use the server, with the settings `hosts` and \
                 `issuer` and `resource`, or `api_keys_file`, or in its code with `.exposure(Exposure::public(…))`; or listen at \
                 127.0.0.1"
            ),
            Self::Transport(source) => write!(f, "the transport failed: {source}"),
            Self::Command(message) => f.write_str(message),
            Self::Other(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ServerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Build(error) => Some(error),
            Self::Config(error) => Some(error),
            Self::Bind { source, .. } | Self::Transport(source) => Some(source),
            Self::Other(error) => error.source(),
            Self::Exposed { .. } | Self::Command(_) => None,
        }
    }
}

impl From<io::Error> for ServerError {
    fn from(source: io::Error) -> Self {
        Self::Transport(source)
    }
}

impl From<ConfigError> for ServerError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<BuildError> for ServerError {
    fn from(error: BuildError) -> Self {
        Self::Build(error)
    }
}

/// Everything that is wrong with the definitions of a server, each with the function's place in the source.
pub struct BuildError {
    pub(crate) problems: Vec<String>,
}

impl BuildError {
    /// One line for each problem, in a stable order.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [problem] => write!(f, "the server cannot be built: {problem}"),
            problems => {
                write!(f, "the server cannot be built, for {} reasons:", problems.len())?;
                problems.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
            }
        }
    }
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildError {}
