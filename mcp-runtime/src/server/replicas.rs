//! What several machines share that are one server: stores that hold where the author says nothing else.

use std::sync::Arc;

use super::ServerBuilder;
use crate::handles::{HandleRules, HandleStore};
use crate::idempotency::IdempotencyStore;
use crate::layer::Protection;
use crate::limits::LimitStore;
use crate::replicas::{Bus, EventStore, SessionStore};
use crate::tasks::{TaskStore, Tasks};

/// Stores for several machines.
#[derive(Clone, Default)]
pub(crate) struct Replicas {
    pub(crate) limits: Option<Arc<dyn LimitStore>>,
    pub(crate) calls: Option<Arc<dyn IdempotencyStore>>,
    pub(crate) once: Option<Arc<dyn IdempotencyStore>>,
    pub(crate) handles: Option<Arc<dyn HandleStore>>,
    pub(crate) tasks: Option<Arc<dyn TaskStore>>,
    pub(crate) bus: Option<Arc<dyn Bus>>,
    pub(crate) sessions: Option<Arc<dyn SessionStore>>,
    pub(crate) events: Option<Arc<dyn EventStore>>,
}

impl Replicas {
    /// Puts stores where there are none.
    pub(super) fn settle(&self, protection: &mut Protection, tasks: &mut Tasks, rules: &mut HandleRules) {
        let Self { limits, calls, handles, tasks: kept, .. } = self;
        protection.settle(limits, calls);
        tasks.settle(kept);
        rules.settle(handles);
    }

    /// What other replicas must know as well, and do not.
    pub(super) fn problem(&self, has_keys: bool) -> Option<String> {
        (self.once.is_some() && !has_keys).then(|| {
            "replicas must seal what clients carry with the same keys, and this server has none: give it \
             `.state_keys(mcp::StateKey::from_env(\"STATE_KEYS\")?)`, where `openssl rand -base64 32` makes a key"
                .into()
        })
    }
}

impl ServerBuilder {
    /// Carries what replicas of the server tell each other: that lists and resources have [changed](crate::Server::tools_changed).
    /// Then clients of all replicas are told, whichever it happens on. What is [switched off](crate::Server::disable_tool) is switched
    /// off on one replica only.
    #[must_use]
    pub fn bus(mut self, bus: impl Bus) -> Self {
        self.replicas.bus = Some(Arc::new(bus));
        self
    }

    /// Where the sessions of stateful clients over HTTP are kept, so that any replica can go on with them. Give a
    /// [`bus`](Self::bus) too: what a client answers may come to another replica than the one that asked.
    #[must_use]
    pub fn session_store(mut self, store: impl SessionStore) -> Self {
        self.replicas.sessions = Some(Arc::new(store));
        self
    }

    /// Where it is kept what calls say on their streams, so that a client whose connection breaks can come back to any replica.
    /// It is of use beside a [`session_store`](Self::session_store) only.
    #[must_use]
    pub fn event_store(mut self, store: impl EventStore) -> Self {
        self.replicas.events = Some(Arc::new(store));
        self
    }

    /// Where it is kept what was done [once](crate::Context::once), for several machines that share it: in memory by default.
    /// While the store fails, a call that would do something once ends with an internal error, and nothing is done.
    ///
    /// Such machines share [`state_keys`](Self::state_keys) too; without them the server does not build.
    #[must_use]
    pub fn once_store(mut self, store: impl IdempotencyStore) -> Self {
        self.replicas.once = Some(Arc::new(store));
        self
    }
}
