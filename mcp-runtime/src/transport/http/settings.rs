//! What the author says about HTTP when the server is built.

use std::sync::Arc;

use super::Exposure;
use crate::server::{ServerBuilder, Shared};

/// What HTTP needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(super) exposure: Exposure,
    pub(crate) path: String,
    pub(super) connections: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { exposure: Exposure::loopback(), path: "/mcp".into(), connections: 10_240 }
    }
}

impl Settings {
    pub(crate) fn of(server: &Shared) -> Arc<Self> {
        server.states.get().unwrap_or_default()
    }
}

impl ServerBuilder {
    fn http(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.states.get::<Settings>().map(|found| (*found).clone()).unwrap_or_default();
        change(&mut settings);
        self.states.insert(settings);
        self
    }

    /// Says who may use the server over HTTP: programs on this machine by default. See [`Exposure`].
    #[must_use]
    pub fn exposure(mut self, exposure: Exposure) -> Self {
        self.problems.extend(exposure.problems.iter().cloned());
        self.http(|settings| settings.exposure = exposure)
    }

    /// Where the server is found over HTTP, `/mcp` by default. A server that is nested in a router is found wherever the
    /// router says.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        let path = path.into();
        if !path.starts_with('/') || path.contains(['?', '#']) {
            self.problems.push(format!("{path:?} is not a path, as in \"/mcp\""));
        }
        self.http(|settings| settings.path = path)
    }

    /// How many HTTP connections there may be at once, 10,240 by default. More wait until one has ended.
    #[must_use]
    pub fn max_connections(self, count: usize) -> Self {
        self.http(|settings| settings.connections = count.max(1))
    }
}
