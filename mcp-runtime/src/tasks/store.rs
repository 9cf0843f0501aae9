//! Where tasks are kept.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::TaskRecord;
use crate::{BoxError, BoxFuture};

/// Where tasks are kept, so that they can be asked for later, perhaps of another replica of the server.
///
/// The process that runs a task saves it at each change. Answers and cancellations that come to another replica reach it where
/// the replicas have a [`bus`](crate::ServerBuilder::bus).
pub trait TaskStore: Send + Sync + 'static {
    /// Keeps a task; a task of the same id is replaced.
    ///
    /// It must be there for [`load`](Self::load) when the future is ready.
    fn save<'a>(&'a self, task: &'a TaskRecord) -> BoxFuture<'a, Result<(), BoxError>>;

    /// The task of this id.
    fn load<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<TaskRecord>, BoxError>>;

    /// Forgets a task.
    fn remove<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), BoxError>>;
}

/// The memory of this process. How much there may be says whoever fills it.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<HashMap<String, TaskRecord>>);

impl Memory {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, TaskRecord>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TaskStore for Memory {
    fn save<'a>(&'a self, task: &'a TaskRecord) -> BoxFuture<'a, Result<(), BoxError>> {
        self.lock().insert(task.id.clone(), task.clone());
        Box::pin(std::future::ready(Ok(())))
    }

    fn load<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<TaskRecord>, BoxError>> {
        let found = self.lock().get(id).cloned();
        Box::pin(std::future::ready(Ok(found)))
    }

    fn remove<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        self.lock().remove(id);
        Box::pin(std::future::ready(Ok(())))
    }
}
