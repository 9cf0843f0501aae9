//! What the author says about limits and resilience when the server is built.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::authorise::Rules;
use super::breaker::{Breaker, Breakers};
use super::bulkhead::Bulkhead;
use super::size::Sizes;
use crate::handler::States;
use crate::idempotency::{Idempotency, IdempotencyStore};
use crate::limits::{LimitStore, RateLimits};
use crate::model::Definition;
use crate::output::Care;
use crate::server::ServerBuilder;
use crate::sight::Sight;

/// How calls are looked after.
#[derive(Debug, Clone)]
pub(crate) struct Protection {
    /// How long a function may take that says nothing of it.
    pub(crate) timeout: Duration,
    /// How long functions may take, by their names, whatever their attributes say.
    pub(crate) timeouts: BTreeMap<String, Duration>,
    pub(crate) rate_limits: RateLimits,
    pub(crate) bulkheads: BTreeMap<String, Bulkhead>,
    pub(crate) sizes: Sizes,
    pub(crate) idempotency: Idempotency,
    /// Of functions of which nothing is said by name.
    pub(crate) breakers: Option<Breaker>,
    pub(crate) breakers_of: BTreeMap<String, Option<Breaker>>,
}

/// What the layers of one server are made of.
#[derive(Debug)]
pub(crate) struct Guards {
    pub(super) protection: Protection,
    pub(super) rules: Option<Arc<Rules>>,
    pub(super) breakers: Arc<Breakers>,
    pub(super) output: Arc<Care>,
    pub(super) definitions: Vec<Definition>,
    pub(super) sight: Arc<Sight>,
}

impl Guards {
    /// What others can look at is put among the states.
    pub(crate) fn new(
        protection: Protection,
        rules: Option<Arc<Rules>>,
        output: Arc<Care>,
        definitions: Vec<Definition>,
        sight: Arc<Sight>,
        states: &mut States,
    ) -> Self {
        let said = |name: &str| protection.breakers_of.get(name).copied().unwrap_or(protection.breakers);
        let breakers = Arc::new(Breakers::new(&definitions, said));
        states.insert_shared(breakers.clone());
        Self { protection, rules, breakers, output, definitions, sight }
    }
}

impl Default for Protection {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            timeouts: BTreeMap::new(),
            rate_limits: RateLimits::new(),
            bulkheads: BTreeMap::new(),
            sizes: Sizes::default(),
            idempotency: Idempotency::new(),
            breakers: None,
            breakers_of: BTreeMap::new(),
        }
    }
}

impl Protection {
    /// Puts stores that several machines share where there are none.
    pub(crate) fn settle(
        &mut self,
        limits: &Option<Arc<dyn LimitStore>>,
        calls: &Option<Arc<dyn IdempotencyStore>>,
    ) {
        let own = self.rate_limits.store.take();
        self.rate_limits.store = own.or_else(|| limits.clone());
        let own = self.idempotency.store.take();
        self.idempotency.store = own.or_else(|| calls.clone());
    }

    /// Puts what was said of functions by name into their definitions.
    pub(crate) fn apply(&self, definitions: &mut [Definition], problems: &mut Vec<String>) {
        for (name, limit) in &self.timeouts {
            each(name, definitions, problems, |definition| definition.timeout = Some(*limit));
        }
        for name in
            self.rate_limits.functions.keys().chain(self.bulkheads.keys()).chain(self.breakers_of.keys())
        {
            each(name, definitions, problems, |_| {});
        }
    }
}

fn each(
    name: &str,
    definitions: &mut [Definition],
    problems: &mut Vec<String>,
    change: impl Fn(&mut Definition),
) {
    let mut found = false;
    for definition in definitions.iter_mut().filter(|definition| definition.name == name) {
        change(definition);
        found = true;
    }
    if !found {
        problems.push(format!("nothing is called {name:?}, of which the settings say how it is run"));
    }
}

impl ServerBuilder {
    /// How long a tool, a resource or a prompt may take that says nothing of it, 30 seconds by default;
    /// [`Duration::MAX`] for no limit. Its own attribute says otherwise: `#[mcp::tool(timeout = "5m")]`, or
    /// `timeout = "none"`.
    ///
    /// After that time the caller is told so. An async function is dropped; one that blocks cannot be stopped: its
    /// [`Context::is_cancelled`](crate::Context::is_cancelled) becomes true, and it keeps its places until it returns. The time
    /// that a client takes to answer [questions](crate::Ask) does not count, and a call that has become a
    /// [task](crate::Tasks) has no limit any more.
    ///
    /// ```standalone_crate
    /// # use std::time::Duration;
    /// /// Makes a report.
    /// #[mcp::tool(timeout = "5m")]
    /// async fn report(month: u8) -> String { format!("report {month}") }
    ///
    /// let server = mcp::server!().timeout(Duration::from_secs(10)).build()?;
    /// # Ok::<_, mcp::BuildError>(())
    /// ```
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        problem_of("timeout", limit, &mut self.problems);
        self.protection.timeout = limit;
        self
    }

    /// How often requests may come over a network. See [`RateLimits`] for what holds otherwise.
    #[must_use]
    pub fn rate_limits(mut self, limits: RateLimits) -> Self {
        self.protection.rate_limits = limits;
        self
    }

    /// How many calls of the tool, the resource or the prompt of this name run at once, whatever its attribute says. One that
    /// finds no place, nor one in the queue, is told when to try again; it was not run.
    ///
    /// A call keeps its place until nobody works for it any more: a function that blocks until it returns, a task until it
    /// ends.
    #[must_use]
    pub fn bulkhead(mut self, name: impl Into<String>, bulkhead: Bulkhead) -> Self {
        self.protection.bulkheads.insert(name.into(), bulkhead);
        self
    }

    /// Gives each tool, resource and prompt a breaker of its own, that keeps callers away while it fails. Without this there are
    /// none. See [`Breaker`], and [`Server::breakers`](crate::Server::breakers) for their states.
    #[must_use]
    pub fn breakers(mut self, breaker: Breaker) -> Self {
        self.protection.breakers = Some(breaker);
        self
    }

    /// The breaker of the tool, the resource or the prompt of this name; `None` for none, whatever
    /// [`breakers`](Self::breakers) says.
    #[must_use]
    pub fn breaker(mut self, name: impl Into<String>, breaker: impl Into<Option<Breaker>>) -> Self {
        self.protection.breakers_of.insert(name.into(), breaker.into());
        self
    }

    /// How calls with a key are kept, which are made once. See [`Idempotency`] for what holds otherwise.
    #[must_use]
    pub fn idempotency(mut self, idempotency: Idempotency) -> Self {
        self.protection.idempotency = idempotency;
        self
    }

    /// How long the arguments of a call may be, in bytes: as long as a message by default. Longer ones are refused, and
    /// nothing is run.
    #[must_use]
    pub fn max_arguments(mut self, bytes: usize) -> Self {
        self.protection.sizes.arguments = bytes;
        self
    }

    /// How long what a tool, a resource or a prompt gives may be, in bytes: 16 MiB by default. In place of a longer result
    /// there is an error that says so.
    #[must_use]
    pub fn max_result(mut self, bytes: usize) -> Self {
        self.protection.sizes.result = bytes;
        self
    }

    /// How long the tool, the resource or the prompt of this name may take, whatever its attribute says: for settings that
    /// an operator changes. [`Duration::MAX`] for no limit.
    #[must_use]
    pub fn timeout_of(mut self, name: impl Into<String>, limit: Duration) -> Self {
        problem_of("timeout_of", limit, &mut self.problems);
        self.protection.timeouts.insert(name.into(), limit);
        self
    }
}

fn problem_of(setting: &str, limit: Duration, problems: &mut Vec<String>) {
    if limit.is_zero() {
        problems.push(format!("`{setting}` leaves no time; say Duration::MAX for no limit"));
    }
}
