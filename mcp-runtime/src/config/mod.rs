//! What operators set: read from a file, from variables of the environment and from the command line, later ones winning, and
//! applied to what the author said.
//!
//! `table` has every setting once. Nothing here knows what a setting does beyond calling the builder.

mod form;
mod load;
mod table;
mod together;
#[cfg(feature = "auth")]
mod tokens;
#[cfg(not(feature = "auth"))]
#[path = "without_tokens.rs"]
mod tokens;
mod words;

use std::fmt;
use std::path::{Path, PathBuf};

pub(crate) use form::Shape;
pub(crate) use load::{Given, Loaded, doubtful, load, problem_of, variable};
pub use table::Config;
pub(crate) use table::{ROWS, Row};
pub(crate) use words::Words;
pub use words::{LogFormat, LogLevel, ProxyHeaders};

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub(crate) String);

impl Hidden {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    File(PathBuf),
    Variable(String),
    Option(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Option(name) => write!(f, "--{name}"),
        }
    }
}

/// The text in a file that an operator named.
fn text_of(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))
}
