//! A call that goes on after its answer.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::board::{Board, Live};
use super::record::TaskStatus;
use crate::Error;
use crate::dispatch::finish_task;
use crate::handler::{Outcome, Running, current};
use crate::limits::Share;
use crate::model::{Notice, Taken, Tool};
use crate::wire::{code_of, question_to_tell, result_to_keep};

/// A call that was let go.
pub(super) struct Detached {
    pub(super) running: Running,
    pub(super) tool: Arc<Tool>,
    pub(super) live: Arc<Live>,
    /// Its place, until it is forgotten.
    pub(super) place: Share,
}

/// What happens while a task runs.
enum Step {
    Ended(std::thread::Result<Outcome>),
    Said(Notice),
    Cancelled,
}

/// Runs a task to its end, and keeps it for the rest of its time.
pub(super) async fn run(board: Arc<Board>, detached: Detached, keep: Duration) {
    let until = Instant::now() + keep;
    let Detached { mut running, tool, live, place } = detached;
    let mut late = std::pin::pin!(sleep_until(until));
    loop {
        let step = tokio::select! {
            biased;
            step = poll_fn(|cx| poll(&mut running, &live, cx)) => step,
            () = &mut late => Step::Cancelled,
        };
        match step {
            Step::Ended(outcome) => {
                end(&board, &tool, &live, outcome);
                break;
            }
            Step::Said(notice) => {
                if heard(&live, notice) {
                    board.keep(&live).await;
                }
            }
            Step::Cancelled => {
                live.change(|task| task.status = TaskStatus::Cancelled);
                break;
            }
        }
    }
    // Work that outlives it is told that nobody waits for it; and what it holds is given back before its result is kept.
    live.facts.exchange.cancel();
    drop(running);
    live.slots().clear();
    board.forget_later(&live, until.duration_since(Instant::now())).await;
    drop(place);
}

fn poll(running: &mut Running, live: &Live, cx: &mut Context<'_>) -> Poll<Step> {
    if live.facts.exchange.is_cancelled() {
        return Poll::Ready(Step::Cancelled);
    }
    let polled = {
        let _entered = current::enter(&live.facts);
        // The future is not used again after a panic.
        catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx)))
    };
    match polled {
        Err(panic) => return Poll::Ready(Step::Ended(Err(panic))),
        Ok(Poll::Ready(outcome)) => return Poll::Ready(Step::Ended(Ok(outcome))),
        Ok(Poll::Pending) => {}
    }
    match live.facts.exchange.take_detached(cx) {
        Taken::Notice(notice) => Poll::Ready(Step::Said(notice)),
        Taken::Cancelled => Poll::Ready(Step::Cancelled),
        Taken::Nothing => Poll::Pending,
    }
}

/// Takes what a task says. Whether what is known of it is something else now.
fn heard(live: &Live, notice: Notice) -> bool {
    match notice {
        Notice::Progress(progress) => live.change(|task| task.message = Some(progress.in_words())),
        // Its log has no reader, and there is no connection to let go of.
        Notice::Log(_) | Notice::HangUp(_) => false,
        Notice::Ask(slot) => {
            let key = slot.key.clone();
            let Some(question) = question_to_tell(&slot.question) else { return false };
            live.slots().insert(key.clone(), slot);
            live.change(|task| {
                task.questions.insert(key, question);
                task.status = TaskStatus::InputRequired;
            })
        }
        Notice::Withdraw(slot) => {
            live.slots().remove(&slot.key);
            live.change(|task| {
                task.questions.remove(&slot.key);
                if task.questions.is_empty() {
                    task.status = TaskStatus::Working;
                }
            })
        }
    }
}

fn end(board: &Board, tool: &Arc<Tool>, live: &Live, outcome: std::thread::Result<Outcome>) {
    let ended = match outcome {
        Ok(Outcome(end)) => board.care.task(&tool.definition, finish_task(tool, end, &live.facts)),
        Err(_) => {
            let number = live.facts.correlation();
            tracing::error!(number, "a task panicked; the panic's message is on standard error");
            Err(Error::internal(format!("the server failed while it worked on this (number {number})")))
        }
    };
    live.change(|task| {
        task.questions.clear();
        match ended {
            Ok(result) => {
                task.status = TaskStatus::Completed;
                task.result = Some(result_to_keep(result));
            }
            Err(error) => {
                task.status = TaskStatus::Failed;
                task.message = Some(error.to_string());
                task.error = Some(json!({"code": code_of(&error), "message": error.to_string()}));
            }
        }
    });
}
