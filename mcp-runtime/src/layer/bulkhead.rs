//! A function that is asked for by many at once has so many places, a queue of so many more, and nobody waits longer than so
//! long: what is beyond is sent away at once, and the rest of the server does not notice.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_service::Service;

use super::refusal::Asked;
use super::through::Through;
use crate::model::{Definition, Held, Kind, Request, Response};

/// How many calls of a function run at once, how many more wait, and how long.
///
/// `#[mcp::tool(concurrency = 4)]` is `Bulkhead::new(4)`; [`ServerBuilder::bulkhead`](crate::ServerBuilder::bulkhead) says it
/// by name, and says more.
///
/// ```
/// use std::time::Duration;
/// use mcp::Bulkhead;
///
/// // Two at once, eight wait, none of them longer than a second.
/// let bulkhead = Bulkhead::new(2).queue(8).wait(Duration::from_secs(1));
/// let server = mcp::server!().bulkhead("render", bulkhead);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bulkhead {
    at_once: u32,
    queue: u32,
    wait: Duration,
}

impl Bulkhead {
    /// So many at once, one at least. As many wait, 5 seconds at most.
    pub const fn new(at_once: u32) -> Self {
        let at_once = if at_once == 0 { 1 } else { at_once };
        Self { at_once, queue: at_once, wait: Duration::from_secs(5) }
    }

    /// So many wait for a place at most; 0 sends everybody away who finds none.
    #[must_use]
    pub const fn queue(mut self, calls: u32) -> Self {
        self.queue = calls;
        self
    }

    /// So long at most. The time does not count towards the function's timeout.
    #[must_use]
    pub const fn wait(mut self, limit: Duration) -> Self {
        self.wait = limit;
        self
    }

    /// How many at once, how many wait, and how long.
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the command line shows it"))]
    pub(crate) const fn figures(&self) -> (u32, u32, Duration) {
        (self.at_once, self.queue, self.wait)
    }
}

/// The places of all functions that have a number of them.
#[derive(Debug, Default)]
pub(crate) struct Bulkheads {
    tools: HashMap<&'static str, Arc<Places>>,
    resources: HashMap<&'static str, Arc<Places>>,
    prompts: HashMap<&'static str, Arc<Places>>,
}

#[derive(Debug)]
struct Places {
    bulkhead: Bulkhead,
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Bulkheads {
    /// Of these definitions; `said` is what the builder says of one.
    pub(crate) fn new(definitions: &[Definition], said: impl Fn(&str) -> Option<Bulkhead>) -> Self {
        let mut found = Self::default();
        for definition in definitions {
            let attribute = definition.concurrency.map(Bulkhead::new);
            let Some(bulkhead) = said(definition.name).or(attribute) else { continue };
            let free = Arc::new(Semaphore::new(bulkhead.at_once as usize));
            let places = Arc::new(Places { bulkhead, free, waiting: AtomicUsize::new(0) });
            let kind = match definition.kind {
                Kind::Tool(_) => &mut found.tools,
                Kind::Resource { .. } => &mut found.resources,
                Kind::Prompt => &mut found.prompts,
            };
            kind.insert(definition.name, places);
        }
        found
    }

    fn is_empty(&self) -> bool {
        self.tools.is_empty() && self.resources.is_empty() && self.prompts.is_empty()
    }

    fn of(&self, asked: Asked) -> Option<&Arc<Places>> {
        let name = asked.name()?;
        match asked.word() {
            "tool" => self.tools.get(name),
            "resource" => self.resources.get(name),
            _ => self.prompts.get(name),
        }
    }
}

/// Somebody waits.
struct Waiting<'a>(&'a Places);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Places {
    /// A place, at once or after a while; or when there may be one.
    async fn enter(&self) -> Result<OwnedSemaphorePermit, Duration> {
        if let Ok(place) = self.free.clone().try_acquire_owned() {
            return Ok(place);
        }
        let Bulkhead { queue, wait, .. } = self.bulkhead;
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        let _waiting = Waiting(self);
        let full = wait.max(Duration::from_secs(1));
        if before >= queue as usize {
            return Err(full);
        }
        // Whoever came first has the next place.
        match tokio::time::timeout(wait, self.free.clone().acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(full),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Bulk<S> {
    inner: S,
    places: Option<Arc<Bulkheads>>,
}

impl<S> Bulk<S> {
    pub(crate) fn new(inner: S, places: Bulkheads) -> Self {
        Self { inner, places: (!places.is_empty()).then(|| Arc::new(places)) }
    }
}

impl<S> Service<Request> for Bulk<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + Unpin,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Through<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Some(places) = &self.places else { return Through::Straight(self.inner.call(request)) };
        let asked = Asked::of(&request);
        let Some(places) = places.of(asked).cloned() else {
            return Through::Straight(self.inner.call(request));
        };
        let mut inner = self.inner.clone();
        Through::Around(Box::pin(async move {
            let place = match places.enter().await {
                Ok(place) => place,
                Err(retry_after) => {
                    tracing::debug!(what = %asked, "a call found no place");
                    let _ = request.facts.limited.set("concurrency");
                    let said = format!(
                        "{asked} is at work for others ({} at once); it was not run",
                        places.bulkhead.at_once
                    );
                    return asked.unavailable(said, retry_after);
                }
            };
            // Work that goes on after the answer keeps the place.
            let facts = request.facts.clone();
            let _held = Held::keep(&facts, place);
            inner.call(request).await.unwrap_or_else(|never| match never {})
        }))
    }
}
