//! Counts of what happens to requests. Whatever stands in a label comes from the server's own definitions, or from a set that
//! has room for so many and no more: what peers write makes no new counts.

mod clients;
mod expose;
mod histogram;
mod process;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clients::Clients;
pub(super) use expose::expose;
use histogram::Histogram;

use crate::extension::Extensions;
use crate::layer::{Asked, Outcome};
use crate::model::{Definition, Facts, Response};

/// How often, by what kind.
type Kinds = std::collections::BTreeMap<&'static str, u64>;

/// Methods that run no function.
const METHODS: [&str; 9] = [
    "completion/complete",
    "prompts/list",
    "resources/list",
    "resources/subscribe",
    "resources/templates/list",
    "resources/unsubscribe",
    "server/discover",
    "subscriptions/listen",
    "tools/list",
];

/// The limits that requests can reach.
const LIMITS: [&str; 6] = ["rate", "concurrency", "breaker", "in_flight", "sessions", "size"];

/// The statuses with which HTTP requests are not let in.
const STATUSES: [(u16, &str); 4] = [(0, "other"), (400, "400"), (401, "401"), (403, "403")];

/// What was asked for and is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    Tool,
    Resource,
    Prompt,
    Method,
}

impl Unknown {
    const ALL: [Self; 4] = [Self::Tool, Self::Resource, Self::Prompt, Self::Method];

    fn name(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Resource => "resource",
            Self::Prompt => "prompt",
            Self::Method => "method",
        }
    }
}

/// The counts of a server.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// Of what the server knows. It never grows.
    series: HashMap<Asked, Arc<Series>>,
    in_flight: Arc<AtomicI64>,
    clients: Clients,
    unknown: [AtomicU64; Unknown::ALL.len()],
    limits: Arc<[AtomicU64; LIMITS.len()]>,
    turned_away: [AtomicU64; STATUSES.len()],
}

/// How often one thing was asked for, by how it ended.
#[derive(Debug)]
struct Series {
    method: &'static str,
    /// The name of the function, where one was to be run.
    name: &'static str,
    outcomes: [OnceLock<Box<Histogram>>; Outcome::ALL.len()],
    bytes: AtomicU64,
}

impl Series {
    fn new(asked: Asked) -> Arc<Self> {
        Arc::new(Self {
            method: asked.method(),
            name: asked.name().unwrap_or_default(),
            outcomes: Default::default(),
            bytes: AtomicU64::new(0),
        })
    }
}

impl Metrics {
    pub(super) fn new(definitions: &[Definition], extensions: &Extensions) -> Self {
        let methods = METHODS.into_iter().chain(
            extensions.iter().flat_map(|extension| extension.methods().iter().map(|method| method.name)),
        );
        let asked = definitions.iter().map(Asked::of_definition).chain(methods.map(Asked::of_method));
        Self {
            series: asked.map(|asked| (asked, Series::new(asked))).collect(),
            in_flight: Arc::default(),
            clients: Clients::default(),
            unknown: Default::default(),
            limits: Arc::default(),
            turned_away: Default::default(),
        }
    }

    /// A request begins.
    pub(crate) fn begin(&self, asked: Asked, facts: &Facts) -> Running {
        self.clients.count(&facts.client);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Running {
            series: self.series.get(&asked).cloned(),
            in_flight: self.in_flight.clone(),
            limits: self.limits.clone(),
        }
    }

    pub(super) fn unknown(&self, unknown: Unknown) {
        let at = Unknown::ALL.iter().position(|known| *known == unknown);
        bump(at.and_then(|at| self.unknown.get(at)));
    }

    pub(super) fn turned_away(&self, status: u16) {
        let at = STATUSES.iter().position(|(known, _)| *known == status).unwrap_or(0);
        bump(self.turned_away.get(at));
    }

    pub(super) fn limited(&self, limit: &str) {
        limited(&self.limits, limit);
    }
}

/// A request that is counted when it ends.
#[derive(Debug)]
pub(crate) struct Running {
    series: Option<Arc<Series>>,
    in_flight: Arc<AtomicI64>,
    limits: Arc<[AtomicU64; LIMITS.len()]>,
}

impl Running {
    pub(crate) fn end(self, outcome: Outcome, took: Duration, response: Option<&Response>, facts: &Facts) {
        if let Some(series) = &self.series {
            if let Some(histogram) = series.outcomes.get(outcome.index()) {
                histogram.get_or_init(Box::default).add(took);
            }
            let length = response.map_or(0, Response::length);
            series.bytes.fetch_add(u64::try_from(length).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        if let Some(limit) = facts.limited.get() {
            limited(&self.limits, limit);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

fn limited(limits: &[AtomicU64; LIMITS.len()], limit: &str) {
    let at = LIMITS.iter().position(|known| *known == limit);
    bump(at.and_then(|at| limits.get(at)));
}

fn bump(count: Option<&AtomicU64>) {
    if let Some(count) = count {
        count.fetch_add(1, Ordering::Relaxed);
    }
}
