//! Credentials that functions need for calls of their own: where they come from, who took one, and that they go nowhere else.
//!
//! Credentials of callers are no business of this.

mod audit;
mod known;
mod secret;
mod source;
mod value;

use std::sync::Arc;

pub(crate) use known::Known;
pub use secret::{Credential, Secret};
pub use source::{EnvSecrets, FileSecrets, SecretSource};
pub use value::SecretValue;

use crate::server::ServerBuilder;

/// Where the secrets of a server come from, and which of them were handed out.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    /// Asked one after the other.
    sources: Vec<Arc<dyn SecretSource>>,
    pub(crate) known: Arc<Known>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("sources", &self.sources.len()).finish_non_exhaustive()
    }
}

impl Secrets {
    /// Where none was given: the environment, and the files that container platforms mount.
    pub(crate) fn or_usual(mut self) -> Self {
        if self.sources.is_empty() {
            self.sources = vec![Arc::new(EnvSecrets::new()), Arc::new(FileSecrets::new("/run/secrets"))];
        }
        self
    }

    /// Whether some source knows the name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.sources.iter().any(|source| source.has(name))
    }

    fn sources(&self) -> &[Arc<dyn SecretSource>] {
        &self.sources
    }
}

impl ServerBuilder {
    /// Where arguments of the type [`Secret`] come from. Said several times, one source is asked after the other. Without it they
    /// come from the environment and from `/run/secrets`: see [`EnvSecrets`] and [`FileSecrets`].
    ///
    /// ```
    /// use mcp::FileSecrets;
    /// let server = mcp::server!().secrets(FileSecrets::new("/etc/weather/secrets"));
    /// ```
    #[must_use]
    pub fn secrets(mut self, source: impl SecretSource) -> Self {
        self.secrets.sources.push(Arc::new(source));
        self
    }
}
