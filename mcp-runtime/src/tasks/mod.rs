//! Tasks: calls that go on after their answer, and are asked about later. An extension of the protocol,
//! `io.modelcontextprotocol/tasks`.
//!
//! How a call is let go is known to `dispatch`; here is what becomes of it.

mod board;
mod methods;
mod record;
mod resource;
mod run;
mod store;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use board::Board;
pub(crate) use methods::{answered_elsewhere, cancelled_elsewhere};
pub use record::{TaskRecord, TaskStatus};
pub(crate) use resource::{definition, link};
use store::Memory;
pub use store::TaskStore;

/// The extension's name.
pub(crate) const ID: &str = "io.modelcontextprotocol/tasks";

/// How a tool becomes a task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaskPolicy {
    /// At [`Context::start_task`](crate::Context::start_task), not at once.
    pub deferred: bool,
    /// It cannot be had otherwise.
    pub required: bool,
}

/// How a server keeps its tasks, for [`ServerBuilder::tasks`](crate::ServerBuilder::tasks).
///
/// ```standalone_crate
/// # use std::time::Duration;
/// use mcp::Tasks;
/// let server = mcp::server!().tasks(Tasks::new().keep(Duration::from_secs(600))).build()?;
/// # Ok::<_, mcp::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Tasks {
    keep: Duration,
    patience: Duration,
    poll: Duration,
    most: usize,
    store: Option<Arc<dyn TaskStore>>,
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").field("keep", &self.keep).field("most", &self.most).finish_non_exhaustive()
    }
}

impl Default for Tasks {
    fn default() -> Self {
        Self::new()
    }
}

impl Tasks {
    /// Tasks in memory, kept for an hour.
    pub fn new() -> Self {
        Self {
            keep: Duration::from_secs(3600),
            patience: Duration::from_secs(20),
            poll: Duration::from_secs(1),
            most: 10_000,
            store: None,
        }
    }

    /// How long a task is kept from its beginning on, one hour by default. One that has not ended by then is cancelled.
    #[must_use]
    pub fn keep(mut self, time: Duration) -> Self {
        // Beyond that no clock tells the time.
        const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
        self.keep = time.min(LONGEST);
        self
    }

    /// How long a client that knows no tasks waits for the result, 20 seconds by default. Then it gets a link to a resource
    /// that has the task's status and result.
    #[must_use]
    pub fn patience(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }

    /// How often clients are told to ask for a task, once a second by default.
    #[must_use]
    pub fn poll_every(mut self, time: Duration) -> Self {
        self.poll = time;
        self
    }

    /// How many tasks there may be at once, kept ones included: 10,000 by default. A call that would begin one more is told to
    /// try again later. On a public server no caller has more of them than are free for the others.
    #[must_use]
    pub fn most(mut self, count: usize) -> Self {
        self.most = count;
        self
    }

    /// Where tasks are kept, in memory by default.
    #[must_use]
    pub fn store(mut self, store: impl TaskStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Keeps tasks there, where nothing else was said.
    pub(crate) fn settle(&mut self, store: &Option<Arc<dyn TaskStore>>) {
        let own = self.store.take();
        self.store = own.or_else(|| store.clone());
    }

    fn store_or_memory(&self) -> Arc<dyn TaskStore> {
        self.store.clone().unwrap_or_else(|| Arc::new(Memory::default()))
    }
}
