//! What a running call and the stream of its replies share: cancellation one way; notices and questions the other.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use serde_json::Value;

use tokio_util::sync::CancellationToken;

use super::{LogMessage, Question};

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

impl Progress {
    /// What it says, for people.
    pub(crate) fn in_words(&self) -> String {
        match (&self.message, self.total) {
            (Some(message), _) => message.clone(),
            (None, Some(total)) => format!("{} of {total}", self.done),
            (None, None) => self.done.to_string(),
        }
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

/// What a call says before its response.
#[derive(Debug, Clone)]
pub(crate) enum Notice {
    Progress(Progress),
    Log(LogMessage),
    /// The client is asked something.
    Ask(Arc<Slot>),
    /// What was asked need not be answered any more.
    Withdraw(Arc<Slot>),
    /// The client need not wait on its connection: it may come back after so long.
    HangUp(Duration),
}

/// A question that was sent, and the place for its answer.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) question: Question,
    /// What it is called where questions have names.
    pub(crate) key: String,
    /// The number that it was sent under.
    pub(crate) number: OnceLock<u64>,
    answer: Mutex<Place>,
}

/// What came of a question.
#[derive(Debug)]
pub(crate) enum Answered {
    Result(Value),
    Error(Value),
    /// It cannot be asked in the client's way of speaking.
    Unsupported,
}

/// What came of it, and whoever waits for that.
#[derive(Debug, Default)]
struct Place {
    answer: Option<Answered>,
    waker: Option<Waker>,
}

impl Slot {
    pub(crate) fn new(question: Question, key: String) -> Self {
        Self { question, key, number: OnceLock::new(), answer: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Place> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the client's result, or its error.
    pub(crate) fn fill(&self, answer: Result<Value, Value>) {
        self.put(answer.map_or_else(Answered::Error, Answered::Result));
    }

    /// Says that it cannot be asked.
    pub(crate) fn refuse(&self) {
        self.put(Answered::Unsupported);
    }

    fn put(&self, answer: Answered) {
        let mut place = self.lock();
        place.answer.get_or_insert(answer);
        let waker = place.waker.take();
        drop(place);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The answer, when it is there.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<Answered> {
        let mut place = self.lock();
        match place.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => {
                place.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// So many notices wait at most for a peer that reads slowly; then a newer one takes the place of one before it.
const WAITING_NOTICES: usize = 64;

/// The shared end of one call.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    cancelled: bool,
    /// It took too long: it is answered, and what still works for it is to stop.
    expired: bool,
    finished: bool,
    /// The call goes on without the stream of its replies.
    detached: bool,
    token: Option<CancellationToken>,
    waker: Option<Waker>,
    notices: VecDeque<Notice>,
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
        if inner.notices.len() >= WAITING_NOTICES
            && let Some(older) =
                inner.notices.iter().rposition(|notice| matches!(notice, Notice::Progress(_)))
        {
            inner.notices.remove(older);
        }
        push(inner, Notice::Progress(progress));
    }

    /// Queues a log message. Where too many wait, the oldest of them is dropped.
    pub(crate) fn log(&self, message: LogMessage) {
        let mut inner = self.lock();
        if inner.cancelled || inner.finished {
            return;
        }
        if inner.notices.len() >= WAITING_NOTICES
            && let Some(oldest) = inner.notices.iter().position(|notice| matches!(notice, Notice::Log(_)))
        {
            inner.notices.remove(oldest);
        }
        push(inner, Notice::Log(message));
    }

    /// Sends a question. Questions are never left out: how many there are is up to the function.
    pub(crate) fn ask(&self, slot: &Arc<Slot>) {
        let inner = self.lock();
        if !inner.cancelled && !inner.finished {
            push(inner, Notice::Ask(slot.clone()));
        }
    }

    /// Takes a question back, unless it has not even been sent.
    pub(crate) fn withdraw(&self, slot: &Arc<Slot>) {
        let mut inner = self.lock();
        let before = inner.notices.len();
        inner.notices.retain(|notice| !matches!(notice, Notice::Ask(asked) if Arc::ptr_eq(asked, slot)));
        let sent = slot.number.get().is_some() || inner.detached;
        if inner.notices.len() == before && sent && !inner.cancelled {
            push(inner, Notice::Withdraw(slot.clone()));
        }
    }

    /// Lets go of the connection. Only the last time that this is said counts.
    pub(crate) fn hang_up(&self, retry: Duration) {
        let mut inner = self.lock();
        inner.notices.retain(|notice| !matches!(notice, Notice::HangUp(_)));
        if !inner.cancelled && !inner.finished {
            push(inner, Notice::HangUp(retry));
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
        let inner = self.lock();
        let over = inner.finished || inner.detached;
        drop(inner);
        if !over {
            self.cancel();
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.lock().cancelled
    }

    /// Tells what still works for the call that it took too long. The call is answered all the same.
    pub(crate) fn expire(&self) {
        let mut inner = self.lock();
        inner.expired = true;
        let token = inner.token.clone();
        drop(inner);
        if let Some(token) = token {
            token.cancel();
        }
    }

    /// Whether nobody waits for what the function gives.
    pub(crate) fn is_given_up(&self) -> bool {
        let inner = self.lock();
        inner.cancelled || inner.expired
    }

    /// The token that is cancelled with the call.
    pub(crate) fn token(&self) -> CancellationToken {
        let mut inner = self.lock();
        let token = inner.token.get_or_insert_default().clone();
        if inner.cancelled || inner.expired {
            token.cancel();
        }
        token
    }

    /// The next notice; where there is none, the task is woken when there is, or when the call is cancelled.
    pub(crate) fn take(&self, cx: &Context<'_>) -> Taken {
        match self.lock() {
            inner if inner.detached => Taken::Nothing,
            inner => next(inner, cx),
        }
    }

    /// The same for whoever the call was let go to.
    pub(crate) fn take_detached(&self, cx: &Context<'_>) -> Taken {
        next(self.lock(), cx)
    }

    /// The call goes on without the stream of its replies: what it says is for another, and its end is not the stream's.
    pub(crate) fn detach(&self) {
        self.lock().detached = true;
    }

    pub(crate) fn is_detached(&self) -> bool {
        self.lock().detached
    }

    /// Nothing more will be said.
    pub(crate) fn finish(&self) {
        let mut inner = self.lock();
        inner.finished = !inner.detached;
    }
}

fn next(mut inner: MutexGuard<'_, Inner>, cx: &Context<'_>) -> Taken {
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

fn push(mut inner: MutexGuard<'_, Inner>, notice: Notice) {
    inner.notices.push_back(notice);
    let waker = inner.waker.take();
    drop(inner);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// What [`Exchange::take`] found.
pub(crate) enum Taken {
    Notice(Notice),
    Nothing,
    Cancelled,
}
