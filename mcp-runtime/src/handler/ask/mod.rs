//! Asking the client back, in straight-line code.
//!
//! The same `.await` waits for a client that can be asked while a call runs, and otherwise ends the run, which begins anew
//! with the answer. What is asked stands in the modules below; how it travels is not known here.

mod elicit;
mod error;
mod once;
mod roots;
mod sample;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};

use serde_json::Value;
use tokio::time::Sleep;

pub use error::AskError;
pub use roots::Root;
pub use sample::Sampled;

use super::{Context, current};
use crate::Error;
use crate::model::{Answered, Facts, Question, Slot, Way};

/// A question to the client. It is asked when it is first polled: `.await` it, or give it to `join!` with others, which are
/// then asked at once.
///
/// Some clients are asked while the function waits. Others are told what is asked in place of a result, and call again with
/// the answer; then **the function runs again from its top**, and what was answered before is there at once. So whatever
/// stands before a question happens again: keep it free of effects, or put an effect into [`Context::once`]. The run that
/// asks ends at the first `.await` that is not ready while a question is open; other branches of a `join!` or `select!`
/// are dropped there.
///
/// A question is known again by its [`key`](Self::key), or else by what it asks; one that asks something else than before
/// is asked anew. Only the function itself may ask, not a task that it has spawned.
///
/// # Errors
///
/// See [`AskError`]. With `?` it becomes an answer for the model, or where the client did not declare that it can be asked, the
/// protocol's error for that.
///
/// # Cancellation
///
/// Dropped before its answer, a question is taken back.
#[must_use = "nobody is asked before this is awaited"]
pub struct Ask<T> {
    facts: Arc<Facts>,
    question: Result<Question, AskError>,
    key: Option<String>,
    read: fn(&Question, Value) -> Result<T, AskError>,
    state: State,
}

enum State {
    New,
    /// The run will end with it.
    Noted(String),
    Sent {
        slot: Arc<Slot>,
        patience: Pin<Box<Sleep>>,
    },
    Over,
}

impl<T> fmt::Debug for Ask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask")
            .field("question", &self.question)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl<T> Ask<T> {
    fn new(
        context: &Context,
        question: Result<Question, AskError>,
        read: fn(&Question, Value) -> Result<T, AskError>,
    ) -> Self {
        Self { facts: context.facts().clone(), question, key: None, read, state: State::New }
    }

    /// Names the question. The client sees the name, and an answer finds its question by it. A question whose text is another
    /// one than when it was answered is asked anew; so keep clocks and counters out of it.
    ///
    /// Within one call, questions of one name are told apart by their order.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Asks, or finds what was answered before.
    fn begin(&mut self) -> Result<Poll<T>, AskError> {
        let question = self.question.as_ref().map_err(Clone::clone)?;
        if matches!(self.facts.asking.way(), Way::Closed) || !current::is(&self.facts) {
            return Err(AskError::Unreachable);
        }
        if !question.may_be_asked(&self.facts.client) {
            return Err(AskError::Unsupported { required: question.requires() });
        }
        let asking = &self.facts.asking;
        match asking.way() {
            Way::Closed => Err(AskError::Unreachable),
            Way::Waiting(patience) => {
                let key = asking.key(self.key.as_deref(), question);
                let slot = Arc::new(Slot::new(question.clone(), key));
                self.facts.exchange.ask(&slot);
                asking.wait();
                self.state = State::Sent { slot, patience: Box::pin(tokio::time::sleep(*patience)) };
                Ok(Poll::Pending)
            }
            Way::Again(_) => {
                let key = asking.key(self.key.as_deref(), question);
                match asking.answer(&key, question.digest()) {
                    None => {
                        asking.ask(&key, question);
                        self.state = State::Noted(key);
                        Ok(Poll::Pending)
                    }
                    Some(answer) => match (self.read)(question, answer) {
                        // What is no answer is the client's mistake, and the author need not know of it.
                        Err(AskError::Malformed { detail }) => {
                            let message = format!("\"inputResponses\": \"{key}\": {detail}");
                            asking.fail(Error::invalid_params(message));
                            self.state = State::Noted(key);
                            Ok(Poll::Pending)
                        }
                        read => read.map(Poll::Ready),
                    },
                }
            }
        }
    }
}

impl<T> Future for Ask<T> {
    type Output = Result<T, AskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<Self::Output> {
        if matches!(self.state, State::New) {
            match self.begin() {
                Ok(Poll::Pending) => {}
                Ok(Poll::Ready(answer)) => {
                    self.state = State::Over;
                    return Poll::Ready(Ok(answer));
                }
                Err(error) => {
                    self.state = State::Over;
                    return Poll::Ready(Err(error));
                }
            }
        }
        let this = &mut *self;
        let State::Sent { slot, patience } = &mut this.state else { return Poll::Pending };
        let Poll::Ready(answer) = slot.poll(cx) else {
            ready!(patience.as_mut().poll(cx));
            this.facts.exchange.withdraw(slot);
            this.facts.asking.waited();
            this.state = State::Over;
            return Poll::Ready(Err(AskError::TimedOut));
        };
        let question = slot.question.clone();
        this.facts.asking.waited();
        this.state = State::Over;
        Poll::Ready(match answer {
            Answered::Result(answer) => (this.read)(&question, answer),
            Answered::Error(error) => Err(AskError::failed(&error)),
            Answered::Unsupported => Err(AskError::Unsupported { required: question.requires() }),
        })
    }
}

impl<T> Drop for Ask<T> {
    fn drop(&mut self) {
        match &self.state {
            State::Noted(key) => self.facts.asking.withdraw(key),
            State::Sent { slot, .. } => {
                self.facts.exchange.withdraw(slot);
                self.facts.asking.waited();
            }
            State::New | State::Over => {}
        }
    }
}
