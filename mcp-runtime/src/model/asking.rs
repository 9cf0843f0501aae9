//! How a running call asks its client: at once and waiting for the answer, or by ending and running again with it.
//!
//! It knows what was asked and answered. It does not know how questions and answers travel.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Question;
use crate::Error;

/// What a call may ask, and what it knows already.
#[derive(Debug, Default)]
pub(crate) struct Asking {
    begun: Way,
    /// Where the call has got to.
    stage: AtomicU8,
    /// So many questions that were sent have no answer.
    waiting: AtomicUsize,
    inner: Mutex<Inner>,
}

/// A call that may be let go, and one that was.
const MAY_LEAVE: u8 = 1;
const LEAVES: u8 = 2;
const LEFT: u8 = 3;
const LEFT_SILENTLY: u8 = 4;

/// How the client is reached.
#[derive(Debug, Default)]
pub(crate) enum Way {
    /// It cannot be asked.
    #[default]
    Closed,
    /// A question is sent while the call waits, so long at most.
    Waiting(Duration),
    /// The call ends with its questions, and is run again with the answers.
    Again(Arc<super::Onces>),
}

/// What is known of earlier runs of a call.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Stands for all runs of one call.
    #[serde(rename = "n")]
    pub(crate) nonce: String,
    /// What was asked last, by key, each with its digest.
    #[serde(rename = "q", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) asked: BTreeMap<String, u64>,
    /// What was answered, by key.
    #[serde(rename = "a", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) answers: BTreeMap<String, Given>,
    /// What was done once, by key: the JSON of what it gave.
    #[serde(rename = "o", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) done: BTreeMap<String, Value>,
    /// Until when the call may go on from here, in seconds since 1970.
    #[serde(rename = "e")]
    pub(crate) until: u64,
    /// Until when it may go on at all.
    #[serde(rename = "l", default)]
    pub(crate) over: u64,
}

/// An answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Given {
    /// The digest of what it answers; none where it came before it was asked for.
    #[serde(rename = "d")]
    pub(crate) digest: Option<u64>,
    #[serde(rename = "v")]
    pub(crate) value: Value,
}

#[derive(Debug, Default)]
struct Inner {
    record: Record,
    /// What waits for an answer.
    outstanding: Vec<(String, Question)>,
    /// The keys that were used in this run.
    used: HashSet<String>,
    /// Why the run cannot go on.
    broken: Option<Error>,
}

/// Why a run ends though the function has not returned.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// It waits for answers.
    Asked(InputRequired),
    /// It cannot go on.
    Broken(Error),
}

/// What a call needs before it can go on, and what it knows so far.
#[derive(Debug)]
pub struct InputRequired {
    pub(crate) questions: Vec<(String, Question)>,
    pub(crate) record: Record,
}

impl Asking {
    pub(crate) fn new(way: Way) -> Self {
        Self { begun: way, ..Self::default() }
    }

    /// Begins where earlier runs have ended.
    pub(crate) fn with_record(way: Way, record: Record) -> Self {
        Self { begun: way, inner: Mutex::new(Inner { record, ..Inner::default() }), ..Self::default() }
    }

    /// How the client is reached now.
    pub(crate) fn way(&self) -> &Way {
        /// A task has its own time; its questions are not given up before it.
        const IN_A_TASK: Way = Way::Waiting(Duration::MAX);
        match self.stage.load(Ordering::Acquire) {
            LEFT => &IN_A_TASK,
            LEFT_SILENTLY => &Way::Closed,
            _ => &self.begun,
        }
    }

    /// Whether a question ends the run, and another run has the answer.
    pub(crate) fn is_by_runs(&self) -> bool {
        matches!(self.way(), Way::Again(_))
    }

    /// The function may let its call go.
    pub(crate) fn allow_to_leave(&self) {
        self.stage.store(MAY_LEAVE, Ordering::Release);
    }

    /// The function lets its call go, if it may.
    pub(crate) fn leave(&self) -> bool {
        self.stage.compare_exchange(MAY_LEAVE, LEAVES, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    pub(crate) fn leaves(&self) -> bool {
        self.stage.load(Ordering::Acquire) == LEAVES
    }

    /// The call goes on without its request: as a task that can be asked about, or where nobody knows how to.
    pub(crate) fn left(&self, can_ask: bool) {
        self.stage.store(if can_ask { LEFT } else { LEFT_SILENTLY }, Ordering::Release);
    }

    /// A question was sent, or has its answer.
    pub(crate) fn wait(&self) {
        self.waiting.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn waited(&self) {
        self.waiting.fetch_sub(1, Ordering::AcqRel);
    }

    /// Whether a question that was sent has no answer.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of the next question of this name, or of this content where it has no name. What is asked twice has two
    /// keys, in the order in which it is asked.
    pub(crate) fn key(&self, named: Option<&str>, question: &Question) -> String {
        let name = match named {
            Some(name) => name.to_owned(),
            None => format!("{}-{:016x}", question.word(), question.digest()),
        };
        let mut inner = self.lock();
        let mut key = name.clone();
        let mut nth = 1;
        while !inner.used.insert(key.clone()) {
            nth += 1;
            key = format!("{name}-{nth}");
        }
        key
    }

    /// What was answered, if the question is the same.
    pub(crate) fn answer(&self, key: &str, digest: u64) -> Option<Value> {
        let mut inner = self.lock();
        let answer = inner.record.answers.get_mut(key)?;
        (*answer.digest.get_or_insert(digest) == digest).then(|| answer.value.clone())
    }

    /// Notes that an answer is needed.
    pub(crate) fn ask(&self, key: &str, question: &Question) {
        let mut inner = self.lock();
        if !inner.outstanding.iter().any(|(known, _)| known == key) {
            inner.outstanding.push((key.to_owned(), question.clone()));
        }
    }

    /// Nobody waits for this answer any more.
    pub(crate) fn withdraw(&self, key: &str) {
        self.lock().outstanding.retain(|(known, _)| known != key);
    }

    /// The run cannot go on.
    pub(crate) fn fail(&self, error: Error) {
        self.lock().broken.get_or_insert(error);
    }

    /// What was done once under this key.
    pub(crate) fn done(&self, key: &str) -> Option<Value> {
        self.lock().record.done.get(key).cloned()
    }

    pub(crate) fn record_done(&self, key: &str, value: Value) {
        self.lock().record.done.insert(key.to_owned(), value);
    }

    /// What stands for all runs of this call; none in its first run.
    pub(crate) fn nonce(&self) -> Option<(String, u64)> {
        let inner = self.lock();
        (!inner.record.nonce.is_empty()).then(|| (inner.record.nonce.clone(), inner.record.over))
    }

    /// Whether a run that is not ready ends here: it does where something is asked that only another run can be told.
    pub(crate) fn stopped(&self) -> Option<Stopped> {
        let mut inner = self.lock();
        if let Some(error) = inner.broken.take() {
            return Some(Stopped::Broken(error));
        }
        if inner.outstanding.is_empty() {
            return None;
        }
        let questions = std::mem::take(&mut inner.outstanding);
        let mut record = std::mem::take(&mut inner.record);
        // What nobody asked for is not carried on.
        record.answers.retain(|_, answer| answer.digest.is_some());
        record.asked = questions.iter().map(|(key, question)| (key.clone(), question.digest())).collect();
        Some(Stopped::Asked(InputRequired { questions, record }))
    }
}
