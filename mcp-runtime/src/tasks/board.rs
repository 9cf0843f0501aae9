//! The tasks of a server: those that are under way here, and where all of them are kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use serde_json::Map;

use super::record::owner;
use super::run::{Detached, run};
use super::{ID, TaskPolicy, TaskRecord, TaskStatus, TaskStore, Tasks};
use crate::changes::{Change, Changes};
use crate::handler::{Context, Running};
use crate::limits::{Caller, Shares};
use crate::model::{Facts, Implied, Principal, Slot, Tool};
use crate::output::Care;
use crate::{Error, ToolError};

/// The tasks of a server.
pub(crate) struct Board {
    settings: Tasks,
    store: Arc<dyn TaskStore>,
    pub(super) changes: Arc<Changes>,
    implied: Implied,
    pub(super) care: Arc<Care>,
    live: Mutex<HashMap<String, Arc<Live>>>,
    kept: Arc<Shares>,
    itself: Weak<Board>,
}

impl std::fmt::Debug for Board {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Board").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A task that is under way in this process.
pub(super) struct Live {
    pub(super) record: Mutex<TaskRecord>,
    /// What it asks, by key.
    pub(super) slots: Mutex<HashMap<String, Arc<Slot>>>,
    pub(super) facts: Arc<Facts>,
}

impl Live {
    pub(super) fn record(&self) -> TaskRecord {
        self.record.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn slots(&self) -> MutexGuard<'_, HashMap<String, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known of the task, unless it is over.
    pub(super) fn change(&self, change: impl FnOnce(&mut TaskRecord)) -> bool {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        let under_way = !record.status.is_over();
        if under_way {
            change(&mut record);
            record.updated = SystemTime::now();
        }
        under_way
    }
}

impl Board {
    pub(crate) fn new(
        settings: Tasks,
        changes: Arc<Changes>,
        implied: Implied,
        care: Arc<Care>,
    ) -> Arc<Self> {
        let store = settings.store_or_memory();
        let kept = Shares::new(settings.most);
        Arc::new_cyclic(|itself| Self {
            settings,
            store,
            changes,
            implied,
            care,
            live: Mutex::default(),
            kept,
            itself: itself.clone(),
        })
    }

    fn live(&self) -> MutexGuard<'_, HashMap<String, Arc<Live>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a client that knows no tasks waits for a result.
    pub(crate) fn patience(&self) -> Duration {
        self.settings.patience
    }

    /// Whether a tool is begun as a task for this caller; where it can only be one, and is not, the error says so.
    pub(crate) fn takes(&self, policy: TaskPolicy, facts: &Facts) -> Result<bool, Error> {
        let knows = facts.extensions && facts.client.extension(ID).is_some();
        match policy.required && !knows {
            true => Err(Error::missing_extension(ID)),
            false => Ok(knows),
        }
    }

    /// Takes over a call that is under way. It is kept before anybody is told of it.
    ///
    /// # Errors
    ///
    /// Where there are too many, or it cannot be kept; then the call is dropped.
    pub(crate) async fn adopt(
        self: Arc<Self>,
        running: Running,
        tool: Arc<Tool>,
        facts: Arc<Facts>,
    ) -> Result<TaskRecord, ToolError> {
        let full = || ToolError::transient("the server has too many tasks");
        let address = facts.remote.and_then(|remote| remote.address);
        let caller = facts.public.then(|| Caller::of(&facts.principal, address)).flatten();
        let place = self.kept.take(caller, 1).ok_or_else(full)?;
        let record = self.begin(&facts, &tool).await?;
        let live = Arc::new(Live { record: Mutex::new(record.clone()), slots: Mutex::default(), facts });
        self.live().insert(record.id.clone(), live.clone());
        let detached = Detached { running, tool, live, place };
        tokio::spawn(run(self.clone(), detached, self.settings.keep));
        Ok(record)
    }

    async fn begin(&self, facts: &Facts, tool: &Tool) -> Result<TaskRecord, ToolError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)
            .map_err(|error| ToolError::transient("a task cannot be begun").source(error))?;
        let now = SystemTime::now();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let record = TaskRecord {
            id: format!("{:032x}", u128::from_ne_bytes(random)),
            owner: owner(&facts.principal),
            client: facts.principal.client().map(str::to_owned),
            scopes: tool.definition.scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            status: TaskStatus::Working,
            message: None,
            created: now,
            updated: now,
            keep_ms: millis(self.settings.keep),
            poll_ms: millis(self.settings.poll),
            result: None,
            error: None,
            questions: Map::new(),
        };
        let kept = self.store.save(&record).await;
        kept.map_err(|error| ToolError::transient("a task cannot be kept").source(error))?;
        Ok(record)
    }

    /// Keeps what is known of a task now, and tells whoever listens.
    pub(super) async fn keep(&self, live: &Live) {
        let record = live.record();
        if let Err(error) = self.store.save(&record).await {
            tracing::error!(%error, "a task cannot be kept");
        }
        self.changes.publish(&Change::Extension { topics: super::methods::TOPICS, topic: record.id });
    }

    /// Keeps a task that has ended here until its time is over, and then forgets it.
    pub(super) async fn forget_later(&self, live: &Live, left: Duration) {
        let id = live.record().id;
        self.keep(live).await;
        tokio::time::sleep(left).await;
        self.live().remove(&id);
        if let Err(error) = self.store.remove(&id).await {
            tracing::error!(%error, "a task cannot be forgotten");
        }
    }

    fn allows(&self, principal: &Principal, task: &TaskRecord) -> bool {
        let scopes: Vec<&str> = task.scopes.iter().map(String::as_str).collect();
        self.implied.allow(principal, &scopes)
    }

    /// The task of this id, if it is the caller's and he may still do what it does.
    pub(super) async fn find(&self, id: &str, principal: &Principal) -> Result<TaskRecord, Error> {
        let unknown = || Error::invalid_params("there is no such task");
        let live = self.live().get(id).map(|live| live.record());
        let found = match live {
            // It is forgotten here when its time has passed, however the clock was set meanwhile.
            Some(record) => Some(record),
            None => {
                let kept = self.store.load(id).await.map_err(|error| {
                    tracing::error!(%error, "tasks cannot be read");
                    Error::internal("tasks cannot be read now")
                })?;
                let now = SystemTime::now();
                kept.filter(|task| !task.is_forgotten(now))
            }
        };
        let task = found.filter(|task| task.belongs_to(principal)).ok_or_else(unknown)?;
        if !self.allows(principal, &task) {
            return Err(Error::insufficient_scope("this task", task.scopes));
        }
        Ok(task)
    }

    /// A task that is under way here, if it is the caller's.
    pub(super) fn under_way(&self, id: &str, principal: &Principal) -> Option<Arc<Live>> {
        let own = |live: &&Arc<Live>| {
            let task = live.record();
            task.belongs_to(principal) && self.allows(principal, &task)
        };
        self.live().get(id).filter(own).cloned()
    }

    /// A task that is under way here, whosesoever it is.
    pub(super) fn runs(&self, id: &str) -> Option<Arc<Live>> {
        self.live().get(id).cloned()
    }

    /// What is known of a task here, for those who listen.
    pub(super) fn news_of(&self, id: &str) -> Option<TaskRecord> {
        self.live().get(id).map(|live| live.record())
    }

    /// The context's board.
    pub(super) fn of(cx: &Context) -> Result<Arc<Self>, Error> {
        let board = cx.state::<Weak<Self>>().and_then(|board| board.upgrade());
        board.ok_or_else(|| Error::internal("the server is going down"))
    }

    /// What leads from a call to its board.
    pub(crate) fn weak(&self) -> Weak<Self> {
        self.itself.clone()
    }
}
