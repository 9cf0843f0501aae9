//! What a server asks of others, as far as it was told whom.

use std::fmt::Debug;
use std::sync::Arc;

use crate::server::ServerBuilder;
use crate::{BreakerState, Upstream, UpstreamStats};

/// An [`Upstream`] whose errors are of no concern.
pub(crate) trait Watched: Debug + Send + Sync {
    fn name(&self) -> &str;
    fn stats(&self) -> UpstreamStats;
    fn state(&self) -> Option<BreakerState>;
}

impl<E> Watched for Upstream<E> {
    fn name(&self) -> &str {
        self.name()
    }

    fn stats(&self) -> UpstreamStats {
        self.stats()
    }

    fn state(&self) -> Option<BreakerState> {
        self.state()
    }
}

impl ServerBuilder {
    /// Gives the server an [`Upstream`] to hold, for arguments of the type [`State<Upstream<E>>`](crate::State), and shows in the
    /// [metrics](Self::metrics) how it does. Of several with errors of one type the last is held; all are shown.
    ///
    /// ```
    /// use mcp::{Upstream, Verdict};
    ///
    /// let weather = Upstream::new("weather api", |_: &std::io::Error| Verdict::Transient);
    /// let server = mcp::server!().metrics().upstream(weather);
    /// ```
    #[must_use]
    pub fn upstream<E: 'static>(mut self, upstream: impl Into<Arc<Upstream<E>>>) -> Self {
        let upstream = upstream.into();
        self.sight.watch(upstream.clone());
        self.states.insert_shared(upstream);
        self
    }
}
