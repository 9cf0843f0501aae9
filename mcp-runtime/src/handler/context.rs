//! What a function can ask about the call that it answers, and say while it runs.

use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use http::HeaderMap;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::States;
use crate::model::{Client, Facts, Level, LogMessage, Principal, Progress, texts_in};

/// The call that a function answers: who asks, whether he still waits, and a way to tell him how far it has come.
///
/// Take it as an argument of any tool, resource or prompt. Cloning it is cheap, and a clone may go into a task of its own.
///
/// ```
/// # use mcp::Context;
/// /// Counts slowly.
/// #[mcp::tool]
/// async fn count(to: u32, cx: Context) -> u32 {
///     for n in 0..to {
///         cx.progress((n, to));
///     }
///     to
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Context {
    facts: Arc<Facts>,
    states: Arc<States>,
    /// What the function is called that answers.
    function: &'static str,
}

impl Context {
    pub(crate) fn new(facts: Arc<Facts>, states: Arc<States>) -> Self {
        Self { facts, states, function: "" }
    }

    /// The context of a call of this function.
    pub(crate) fn of(facts: Arc<Facts>, states: Arc<States>, function: &'static str) -> Self {
        Self { facts, states, function }
    }

    pub(crate) fn function(&self) -> &'static str {
        self.function
    }

    /// The context of no call, for calling a function directly in a unit test: nobody is there to be told of progress, and
    /// nothing is ever cancelled.
    ///
    /// ```
    /// # use mcp::Context;
    /// let cx = Context::detached();
    /// assert!(cx.principal().is_anonymous() && !cx.is_cancelled());
    /// ```
    pub fn detached() -> Self {
        Self::new(Arc::default(), Arc::default())
    }

    pub(crate) fn facts(&self) -> &Arc<Facts> {
        &self.facts
    }

    /// Tells the client how far the call has come, if it asked to be told.
    ///
    /// The number must grow: a notice that does not is left out. Where the client reads slowly, notices in the middle
    /// are left out, never the newest. It never waits. See the specification, "Progress".
    pub fn progress(&self, progress: impl Into<Progress>) {
        if self.facts.progress || self.facts.exchange.is_detached() {
            let mut progress = progress.into();
            if let Some(known) = self.facts.secrets() {
                progress.message.iter_mut().for_each(|text| known.hide(text));
            }
            self.facts.exchange.progress(progress);
        }
    }

    /// Whether the client asked to be told of progress.
    pub fn wants_progress(&self) -> bool {
        self.facts.progress
    }

    /// Tells the client's log something: text, or anything that JSON can express.
    ///
    /// Only clients that asked for messages of this level, or of lower ones, are told. It never waits; where the client reads
    /// slowly, the oldest messages are left out. Never log secrets: whoever is at the other side reads it. Those
    /// that the function was given as a [`Secret`](crate::Secret) are taken out. See the
    /// specification, "Logging".
    ///
    /// ```
    /// # use mcp::{Context, Level};
    /// /// Imports a file.
    /// #[mcp::tool]
    /// async fn import(path: String, cx: Context) -> &'static str {
    ///     cx.log(Level::Info, format!("reading {path}"));
    ///     "done"
    /// }
    /// ```
    pub fn log(&self, level: Level, data: impl Serialize) {
        if self.wants_log(level) {
            let mut data = serde_json::to_value(data).unwrap_or_else(|error| error.to_string().into());
            if let Some(known) = self.facts.secrets() {
                texts_in(&mut data, &mut |text| known.hide(text));
            }
            self.facts.exchange.log(LogMessage { level, logger: None, data });
        }
    }

    /// Whether the client wants to read log messages of this level.
    pub fn wants_log(&self, level: Level) -> bool {
        self.facts.log.is_some_and(|wanted| level >= wanted)
    }

    /// Lets the call go on as a task, where the tool says `#[mcp::tool(task(deferred))]` and the client knows tasks: the
    /// client gets the task's id now, and the result when it asks for it. Questions that came before were answered in the
    /// call itself; those that come after are the task's.
    ///
    /// In any other call it does nothing.
    ///
    /// ```
    /// # use mcp::{Context, ToolError};
    /// # #[derive(serde::Deserialize, schemars::JsonSchema)] struct Confirm { sure: bool }
    /// # async fn train(on: &str, cx: &Context) -> Result<String, ToolError> { Ok("trained".into()) }
    /// /// Trains a model, which takes its time.
    /// #[mcp::tool(task(deferred))]
    /// async fn train_model(on: String, cx: Context) -> Result<String, ToolError> {
    ///     let Confirm { sure: true } = cx.elicit("This costs 20 euros. Go on?").await? else {
    ///         return Ok("not trained".into());
    ///     };
    ///     cx.start_task().await;
    ///     train(&on, &cx).await
    /// }
    /// ```
    pub async fn start_task(&self) {
        if !self.facts.asking.leave() {
            return;
        }
        let mut left = false;
        std::future::poll_fn(|cx| {
            if std::mem::replace(&mut left, true) {
                return Poll::Ready(());
            }
            // Whoever polls lets the call go now, and polls it again where it goes on.
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Lets go of the client's connection while the function works on: the client calls back after `retry`, in whole
    /// milliseconds and a day at most, and reads on from there. For work of minutes, so that nothing in between has to keep a
    /// connection open on which nothing is said.
    ///
    /// What was said before is sent first, and what is said meanwhile waits: progress and log messages as far as there is
    /// room, questions and the result in any case. So it goes for clients of revision 2025-11-25 over HTTP, who promise to
    /// come back; everywhere else it does nothing. It never waits. A client that is back may be let go of again. See the
    /// specification of that revision, "Sending Messages to the Server".
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use mcp::Context;
    /// # async fn render(film: &str) -> String { film.into() }
    /// /// Renders a film.
    /// #[mcp::tool]
    /// async fn render_film(film: String, cx: Context) -> String {
    ///     cx.hang_up(Duration::from_secs(10));
    ///     render(&film).await
    /// }
    /// ```
    pub fn hang_up(&self, retry: Duration) {
        self.facts.exchange.hang_up(retry);
    }

    /// Whether nobody waits for the result any more: the client cancelled the call, or has gone, or the function has taken
    /// longer than its `timeout`.
    ///
    /// An async function is dropped at its next `.await` then, and need not ask. One that is not async runs on until it
    /// returns; a long one should ask now and then.
    pub fn is_cancelled(&self) -> bool {
        self.facts.exchange.is_given_up()
    }

    /// How long the function may still take; `None` where nothing limits it. The time that the client takes to answer
    /// questions does not count, and a task has no limit.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use mcp::Context;
    /// # async fn look(page: u32) -> Vec<String> { Vec::new() }
    /// /// Looks through as many pages as there is time for.
    /// #[mcp::tool(timeout = "10s")]
    /// async fn search(cx: Context) -> String {
    ///     let mut found = Vec::new();
    ///     for page in 0..100 {
    ///         if cx.remaining().is_some_and(|left| left < Duration::from_secs(1)) {
    ///             break;
    ///         }
    ///         found.extend(look(page).await);
    ///     }
    ///     found.join(", ")
    /// }
    /// ```
    pub fn remaining(&self) -> Option<Duration> {
        self.facts.time.left()
    }

    /// A token that is cancelled with the call, to hand to work that outlives it.
    pub fn cancellation(&self) -> CancellationToken {
        self.facts.exchange.token()
    }

    /// Who calls.
    pub fn principal(&self) -> &Principal {
        &self.facts.principal
    }

    /// What the client says of itself.
    pub fn client(&self) -> &Client {
        &self.facts.client
    }

    /// The headers of the HTTP request; empty on other transports.
    pub fn headers(&self) -> &HeaderMap {
        static NONE: OnceLock<HeaderMap> = OnceLock::new();
        self.facts.headers.as_deref().unwrap_or_else(|| NONE.get_or_init(HeaderMap::new))
    }

    /// The id that stands for the call in logs, spans and audit records, and in what the peer is told of failures that were
    /// not written for him: the caller's trace id where he sent a `traceparent`, a random one of the same form otherwise, 32
    /// hexadecimal digits.
    pub fn correlation_id(&self) -> &str {
        self.facts.correlation()
    }

    /// The `traceparent` of the caller (W3C Trace Context), where he sent one.
    pub fn trace_parent(&self) -> Option<&str> {
        self.facts.trace_parent.as_deref()
    }

    /// The `tracestate` of the caller (W3C Trace Context), where he sent one.
    pub fn trace_state(&self) -> Option<&str> {
        self.facts.trace_state.as_deref()
    }

    /// The `baggage` of the caller (W3C Baggage), where he sent one.
    pub fn baggage(&self) -> Option<&str> {
        self.facts.baggage.as_deref()
    }

    /// What the server holds of this type, as [`State`](super::State) does for arguments.
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.states.get()
    }
}
