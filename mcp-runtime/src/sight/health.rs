//! Whether a server can serve: what its checks say, asked now and then however often somebody wants to know.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Mutex;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, timeout};

/// A check that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(2);
/// For so long an answer holds.
const KEEP: Duration = Duration::from_secs(1);
/// What is said of a check has so many characters at most.
const LONGEST: usize = 200;

/// What a [check](crate::ServerBuilder::ready_check) says. A check returns it, or a `Result` with nothing or this in it, whose
/// error means that it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadyState {
    /// It works.
    Ready,
    /// The server can serve, though not as well as it should.
    Degraded(String),
    /// The server cannot serve.
    Failed(String),
}

impl ReadyState {
    /// The server can serve, though not as well as it should.
    pub fn degraded(why: impl Into<String>) -> Self {
        Self::Degraded(why.into())
    }

    /// The server cannot serve.
    pub fn failed(why: impl Into<String>) -> Self {
        Self::Failed(why.into())
    }
}

impl From<()> for ReadyState {
    fn from((): ()) -> Self {
        Self::Ready
    }
}

impl<E: fmt::Display> From<Result<(), E>> for ReadyState {
    fn from(checked: Result<(), E>) -> Self {
        checked.map_or_else(|error| Self::Failed(error.to_string()), |()| Self::Ready)
    }
}

impl<E: fmt::Display> From<Result<Self, E>> for ReadyState {
    fn from(checked: Result<Self, E>) -> Self {
        checked.unwrap_or_else(|error| Self::Failed(error.to_string()))
    }
}

/// Whether a server can serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Readiness {
    /// `ready`, `degraded`, `failed`, or `stopping` while the server ends.
    pub status: &'static str,
    /// What each check says.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub checks: BTreeMap<String, CheckReport>,
}

/// What a check says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CheckReport {
    /// `ready`, `degraded` or `failed`.
    pub status: &'static str,
    /// What it says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Readiness {
    /// Whether requests should be sent here: all is well, or nearly.
    pub fn is_ready(&self) -> bool {
        matches!(self.status, READY | DEGRADED)
    }
}

const READY: &str = "ready";
const DEGRADED: &str = "degraded";
const FAILED: &str = "failed";
const STOPPING: &str = "stopping";

type Checking = Pin<Box<dyn Future<Output = ReadyState> + Send>>;
type Checks = Vec<(String, Box<dyn Fn() -> Checking + Send + Sync>)>;

/// The checks of a server, and what they said last.
#[derive(Default)]
pub(crate) struct Health {
    checks: Arc<Checks>,
    known: Mutex<Known>,
    stopping: AtomicBool,
}

#[derive(Default)]
struct Known {
    answer: Option<(Instant, Readiness)>,
    /// It goes on though nobody waits for it, so that whoever asks and goes away starts nothing anew.
    asking: Option<JoinHandle<Readiness>>,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.checks.iter().map(|(name, _)| name)).finish()
    }
}

impl Health {
    pub(super) fn add<F, R>(&mut self, name: String, check: F)
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output: Into<ReadyState>> + Send + 'static,
    {
        let check = move || -> Checking {
            let checking = check();
            Box::pin(async move { checking.await.into() })
        };
        // Nobody else has it while the server is built.
        if let Some(checks) = Arc::get_mut(&mut self.checks) {
            checks.push((name, Box::new(check)));
        }
    }

    /// From now on the server is not ready: it ends.
    #[cfg_attr(
        not(feature = "http"),
        allow(dead_code, reason = "only over HTTP somebody asks while it ends")
    )]
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(super) async fn readiness(&self) -> Readiness {
        if self.stopping.load(Ordering::Relaxed) {
            return Readiness { status: STOPPING, checks: BTreeMap::new() };
        }
        if self.checks.is_empty() {
            return Readiness { status: READY, checks: BTreeMap::new() };
        }
        let mut known = self.known.lock().await;
        if let Some((at, answer)) = &known.answer
            && at.elapsed() < KEEP
        {
            return answer.clone();
        }
        let asking = known.asking.get_or_insert_with(|| tokio::spawn(ask(self.checks.clone())));
        let answered = asking.await;
        known.asking = None;
        // Checks have tasks of their own, and what they panic with stays there.
        let answer = answered.unwrap_or_else(|_| Readiness { status: FAILED, checks: BTreeMap::new() });
        let before = known.answer.as_ref().map_or(READY, |(_, before)| before.status);
        if before != answer.status {
            tell(&answer);
        }
        known.answer = Some((Instant::now(), answer.clone()));
        answer
    }
}

/// Asks all checks at once.
async fn ask(checks: Arc<Checks>) -> Readiness {
    let mut asked = JoinSet::new();
    for (at, (_, check)) in checks.iter().enumerate() {
        let checking = std::panic::catch_unwind(std::panic::AssertUnwindSafe(check));
        asked.spawn(async move {
            let Ok(checking) = checking else { return (at, None) };
            let running = tokio::spawn(async move { timeout(PATIENCE, checking).await });
            let state = match running.await {
                Ok(Ok(state)) => Some(state),
                Ok(Err(_)) => Some(ReadyState::Failed(format!("it did not answer within {PATIENCE:?}"))),
                Err(_) => None,
            };
            (at, state)
        });
    }
    let mut reports = BTreeMap::new();
    let mut status = READY;
    while let Some(answered) = asked.join_next().await {
        let Ok((at, state)) = answered else { continue };
        let (said, detail) = match state {
            Some(ReadyState::Ready) => (READY, None),
            Some(ReadyState::Degraded(why)) => (DEGRADED, Some(why)),
            Some(ReadyState::Failed(why)) => (FAILED, Some(why)),
            None => (FAILED, Some("it panicked; the panic's message is on standard error".into())),
        };
        status = match (status, said) {
            (FAILED, _) | (_, FAILED) => FAILED,
            (DEGRADED, _) | (_, DEGRADED) => DEGRADED,
            _ => READY,
        };
        if let Some((name, _)) = checks.get(at) {
            let detail = detail.map(|detail| detail.chars().take(LONGEST).collect());
            reports.insert(name.clone(), CheckReport { status: said, detail });
        }
    }
    Readiness { status, checks: reports }
}

fn tell(answer: &Readiness) {
    if answer.status == READY {
        tracing::info!("the server is ready again");
    }
    for (check, report) in answer.checks.iter().filter(|(_, report)| report.status != READY) {
        let detail = report.detail.as_deref();
        tracing::warn!(check, status = report.status, detail, "the server is not as ready as it should be");
    }
}
