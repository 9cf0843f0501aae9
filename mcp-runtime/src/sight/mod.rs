//! What an operator sees of a server: counts, an audit, and whether it is well.
//!
//! Layers tell what they see; nothing here knows JSON-RPC, and only `wire` names what never became a request.

mod audit;
mod health;
mod metrics;
mod upstreams;

use std::sync::Arc;

pub use audit::{Audit, AuditArguments, AuditRecord, AuditSink};
pub(crate) use audit::{Auditor, Entry, Unserved};
pub(crate) use health::Health;
pub use health::{CheckReport, Readiness, ReadyState};
pub(crate) use metrics::{Metrics, Running, Unknown};
use upstreams::Watched;

use crate::extension::Extensions;
use crate::model::Definition;
use crate::server::{Server, ServerBuilder};

/// What the author wants to see.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    metrics: bool,
    audit: Option<Audit>,
    health: Health,
    upstreams: Vec<Arc<dyn Watched>>,
}

/// Who watches the requests of a server.
#[derive(Debug)]
pub(crate) struct Sight {
    metrics: Option<Arc<Metrics>>,
    audit: Option<Arc<Auditor>>,
    pub(crate) health: Health,
    upstreams: Vec<Arc<dyn Watched>>,
}

impl Wanted {
    pub(crate) fn of(self, definitions: &[Definition], extensions: &Extensions) -> Arc<Sight> {
        Arc::new(Sight {
            metrics: self.metrics.then(|| Arc::new(Metrics::new(definitions, extensions))),
            audit: self.audit.map(|audit| Arc::new(Auditor::start(audit))),
            health: self.health,
            upstreams: self.upstreams,
        })
    }

    fn watch(&mut self, upstream: Arc<dyn Watched>) {
        self.upstreams.push(upstream);
    }

    #[cfg_attr(not(feature = "http"), allow(dead_code, reason = "only HTTP serves them"))]
    pub(crate) fn count(&mut self) {
        self.metrics = true;
    }
}

impl Sight {
    /// Whether nobody watches.
    pub(crate) fn is_closed(&self) -> bool {
        self.metrics.is_none() && self.audit.is_none()
    }

    pub(crate) fn metrics(&self) -> Option<&Arc<Metrics>> {
        self.metrics.as_ref()
    }

    pub(crate) fn audit(&self) -> Option<&Arc<Auditor>> {
        self.audit.as_ref()
    }

    /// Something was asked for by a name that nothing has.
    pub(crate) fn unknown(&self, unknown: Unknown) {
        if let Some(metrics) = &self.metrics {
            metrics.unknown(unknown);
        }
    }

    /// An HTTP request was not let in.
    #[cfg_attr(not(feature = "http"), allow(dead_code, reason = "only HTTP has such requests"))]
    pub(crate) fn turned_away(&self, status: u16) {
        if let Some(metrics) = &self.metrics {
            metrics.turned_away(status);
        }
    }

    /// A limit was reached before there was a request.
    pub(crate) fn limited(&self, limit: &'static str) {
        if let Some(metrics) = &self.metrics {
            metrics.limited(limit);
        }
    }

    /// Waits until what was seen is written, but not for long.
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only `run` ends the process"))]
    pub(crate) fn flush(&self) {
        if let Some(audit) = &self.audit {
            audit.flush();
        }
    }
}

impl ServerBuilder {
    /// Counts what happens, for [`Server::metrics`] and for Prometheus: how often what was asked for, how long it took and how
    /// it ended. Over HTTP the counts are found at `/metrics` beside a server that only this machine can reach; for others see
    /// [`metrics_on`](Self::metrics_on). Without it nothing is counted.
    ///
    /// ```standalone_crate
    /// let server = mcp::server!().metrics().build()?;
    /// assert!(server.metrics().is_some_and(|text| text.contains("mcp_in_flight 0")));
    /// # Ok::<_, mcp::BuildError>(())
    /// ```
    #[must_use]
    pub fn metrics(mut self) -> Self {
        self.sight.count();
        self
    }

    /// Keeps a record of every call, and of every one that was refused. See [`Audit`].
    #[must_use]
    pub fn audit(mut self, audit: Audit) -> Self {
        self.sight.audit = Some(audit);
        self
    }

    /// Adds something without which the server is not ready, such as a database. See [`ReadyState`] for what a check can say.
    ///
    /// Over HTTP whoever asks `/ready` has it checked: all checks at once, each within two seconds, and once a second at
    /// most however many ask.
    ///
    /// ```
    /// # use mcp::ReadyState;
    /// # #[derive(Clone)] struct Db;
    /// # impl Db { async fn ping(&self) -> std::io::Result<()> { Ok(()) } fn replicas(&self) -> usize { 2 } }
    /// # let db = Db;
    /// let server = mcp::server!().ready_check("db", move || {
    ///     let db = db.clone();
    ///     async move {
    ///         db.ping().await?;
    ///         if db.replicas() == 0 {
    ///             return Ok(ReadyState::degraded("no replica"));
    ///         }
    ///         Ok::<_, std::io::Error>(ReadyState::Ready)
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn ready_check<F, R>(mut self, name: impl Into<String>, check: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output: Into<ReadyState>> + Send + 'static,
    {
        self.sight.health.add(name.into(), check);
        self
    }
}

impl Server {
    /// What was counted since the server was built, as Prometheus reads it (text exposition format 0.0.4); `None` unless the
    /// builder said [`metrics`](ServerBuilder::metrics).
    pub fn metrics(&self) -> Option<String> {
        Some(metrics::expose(self, self.shared.sight.metrics()?))
    }

    /// Whether the server can serve, and what its [checks](ServerBuilder::ready_check) say. It is what `/ready` answers.
    pub async fn readiness(&self) -> Readiness {
        self.shared.sight.health.readiness().await
    }

    /// Waits until what happened so far stands in the [audit](ServerBuilder::audit), for 2 seconds at most. `run()` does it at
    /// its end; it may block the thread.
    pub fn flush_audit(&self) {
        self.shared.sight.flush();
    }
}
