//! What a running call and the stream of its replies share: cancellation one way, notices the other.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use tokio_util::sync::CancellationToken;

/// How far a call has come.
///
/// ```
/// # use mcp::Progress;
/// let half = Progress::new(50.0).of(100.0).message("half of the files read");
/// let same: Progress = (50.0, 100.0).into();
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    pub(crate) done: f64,
    pub(crate) total: Option<f64>,
    pub(crate) message: Option<String>,
}

impl Progress {
    /// So much is done, in any unit. It must grow from notice to notice.
    pub fn new(done: f64) -> Self {
        Self { done, total: None, message: None }
    }

    /// So much there is to do.
    #[must_use]
    pub fn of(mut self, total: f64) -> Self {
        self.total = Some(total);
        self
    }

    /// A word about it, for people.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }
}

impl From<f64> for Progress {
    fn from(done: f64) -> Self {
        Self::new(done)
    }
}

impl From<(f64, f64)> for Progress {
    fn from((done, total): (f64, f64)) -> Self {
        Self::new(done).of(total)
    }
}

impl From<(u32, u32)> for Progress {
    fn from((done, total): (u32, u32)) -> Self {
        Self::new(done.into()).of(total.into())
    }
}

/// So many notices wait at most for a peer that reads slowly; then the newest takes the place of the one before it.
const WAITING_NOTICES: usize = 64;

/// The shared end of one call.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    cancelled: bool,
    finished: bool,
    token: Option<CancellationToken>,
    waker: Option<Waker>,
    notices: VecDeque<Progress>,
    last: Option<f64>,
}

impl Exchange {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a notice. One that does not grow, or comes after the end, says nothing and is dropped.
    pub(crate) fn progress(&self, progress: Progress) {
        let mut inner = self.lock();
        let grows = progress.done.is_finite() && inner.last.is_none_or(|last| progress.done > last);
        if inner.cancelled || inner.finished || !grows {
            return;
        }
        inner.last = Some(progress.done);
        if inner.notices.len() == WAITING_NOTICES {
            inner.notices.pop_back();
        }
        inner.notices.push_back(progress);
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Tells the call that nobody waits for it any more.
    pub(crate) fn cancel(&self) {
        let mut inner = self.lock();
        inner.cancelled = true;
        inner.notices.clear();
        let (waker, token) = (inner.waker.take(), inner.token.clone());
        drop(inner);
        if let Some(token) = token {
            token.cancel();
        }
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The same, unless the call has ended.
    pub(crate) fn abandon(&self) {
        if !self.lock().finished {
            self.cancel();
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.lock().cancelled
    }

    /// The token that is cancelled with the call.
    pub(crate) fn token(&self) -> CancellationToken {
        let mut inner = self.lock();
        let token = inner.token.get_or_insert_default().clone();
        if inner.cancelled {
            token.cancel();
        }
        token
    }

    /// The next notice; where there is none, the task is woken when there is, or when the call is cancelled.
    pub(crate) fn take(&self, cx: &Context<'_>) -> Taken {
        let mut inner = self.lock();
        if inner.cancelled {
            return Taken::Cancelled;
        }
        if let Some(notice) = inner.notices.pop_front() {
            return Taken::Notice(notice);
        }
        if !inner.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            inner.waker = Some(cx.waker().clone());
        }
        Taken::Nothing
    }

    /// Nothing more will be said.
    pub(crate) fn finish(&self) {
        self.lock().finished = true;
    }
}

/// What [`Exchange::take`] found.
pub(crate) enum Taken {
    Notice(Progress),
    Nothing,
    Cancelled,
}
