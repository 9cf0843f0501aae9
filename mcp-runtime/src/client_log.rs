//! From `tracing` to the client's log.

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::handler::current;
use crate::model::{Level, LogMessage, texts_in};

/// A layer of `tracing-subscriber` that tells a client what is logged while its call is worked on, from the level on that the
/// client asked for.
///
/// Only what stands in one module and below it is told, such as your crate: what libraries log is not meant for clients. Whoever
/// is at the other side reads it, so log no secrets there. [`ServerBuilder::log_to_client`](crate::ServerBuilder::log_to_client)
/// does the same for a server that has no subscriber of its own.
///
/// ```
/// use tracing_subscriber::prelude::*;
/// let subscriber = tracing_subscriber::registry()
///     .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr))
///     .with(mcp::ClientLog::of("my_crate"));
/// # let _ = subscriber;
/// ```
///
/// What a task that a function has spawned logs belongs to no call, and is not told.
#[derive(Debug, Clone)]
pub struct ClientLog {
    module: String,
}

impl ClientLog {
    /// Tells what is logged in this module, such as `my_crate` or `my_crate::tools`, and below it.
    pub fn of(module: impl Into<String>) -> Self {
        Self { module: module.into() }
    }

    fn tells(&self, target: &str) -> bool {
        target
            .strip_prefix(self.module.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    }
}

impl<S: Subscriber> Layer<S> for ClientLog {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        if !self.tells(about.target()) {
            return;
        }
        let level = match *about.level() {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warning,
            tracing::Level::INFO => Level::Info,
            _ => Level::Debug,
        };
        let Some(facts) = current::call().filter(|facts| facts.log.is_some_and(|wanted| level >= wanted))
        else {
            return;
        };
        let mut said = Said::default();
        event.record(&mut said);
        let mut data = said.into_data();
        if let Some(known) = facts.secrets() {
            texts_in(&mut data, &mut |text| known.hide(text));
        }
        facts.exchange.log(LogMessage { level, logger: Some(about.target().to_owned()), data });
    }
}

/// The fields of an event.
#[derive(Default)]
struct Said(Map<String, Value>);

impl Said {
    /// The message alone where there is nothing beside it.
    fn into_data(mut self) -> Value {
        match self.0.len() {
            1 => self.0.remove("message").unwrap_or_else(|| self.0.into()),
            _ => self.0.into(),
        }
    }

    fn put(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}
