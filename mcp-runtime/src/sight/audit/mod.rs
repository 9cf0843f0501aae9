//! The audit: who asked for what, when, and what came of it, refusals included.
//!
//! Records are handed to a thread of their own, so that no call ever waits for a disk. Those that it has no room for are
//! counted, and the audit itself says how many are missing.

mod queue;
mod record;
mod redact;
mod sink;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use queue::Queue;
pub use record::AuditRecord;
pub(crate) use record::Unserved;
pub use sink::AuditSink;
use sink::Lines;

use crate::layer::Outcome;
use crate::model::{Facts, Request};

/// How the audit of a server is kept: a record for every request, also for one that was refused, or that asked for what is
/// not there. [`ServerBuilder::audit`](crate::ServerBuilder::audit) switches it on.
///
/// ```no_run
/// use mcp::{Audit, AuditArguments};
///
/// # fn main() -> std::io::Result<()> {
/// let audit = Audit::file("audit.jsonl")?.arguments(AuditArguments::Redacted);
/// let server = mcp::server!().audit(audit);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Audit {
    sink: Box<dyn AuditSink>,
    arguments: AuditArguments,
    queue: usize,
}

/// What stands in an audit of the arguments of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AuditArguments {
    /// Nothing.
    Off,
    /// Their names.
    #[default]
    Names,
    /// Their values, long ones cut. In place of secrets stands that they are secrets: of arguments with `#[arg(secret)]`, and
    /// of members whose names look like a secret's, however deep. What else people write into arguments is there to be read.
    Redacted,
}

impl Audit {
    /// One JSON object a line, appended to a file that only its owner may read, where it is made here.
    ///
    /// # Errors
    ///
    /// Where the file cannot be opened.
    pub fn file(path: impl AsRef<Path>) -> io::Result<Self> {
        let mut options = std::fs::OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self::writer(options.open(path)?))
    }

    /// One JSON object a line, to a writer. It may block: it is used from a thread of its own.
    pub fn writer(writer: impl io::Write + Send + 'static) -> Self {
        Self::sink(Lines::new(writer))
    }

    /// Records for a place of your own.
    pub fn sink(sink: impl AuditSink) -> Self {
        Self { sink: Box::new(sink), arguments: AuditArguments::default(), queue: 8192 }
    }

    /// What is recorded of arguments: their names by default.
    #[must_use]
    pub fn arguments(mut self, arguments: AuditArguments) -> Self {
        self.arguments = arguments;
        self
    }

    /// How many records may wait to be written, 8,192 by default and 1 at least. There is no room for more; what is lost is
    /// counted.
    #[must_use]
    pub fn queue(mut self, records: usize) -> Self {
        self.queue = records.max(1);
        self
    }
}

/// Keeps the audit of a server.
#[derive(Debug)]
pub(crate) struct Auditor {
    arguments: AuditArguments,
    queue: Arc<Queue>,
}

impl Auditor {
    pub(super) fn start(Audit { sink, arguments, queue }: Audit) -> Self {
        Self { arguments, queue: Arc::new(Queue::start(sink, queue)) }
    }

    /// A request begins, whose record is written when it ends.
    pub(crate) fn begin(&self, request: &Request) -> Entry {
        Entry { record: Box::new(AuditRecord::of(request, self.arguments)), queue: self.queue.clone() }
    }

    /// Something was asked for that did not become a request.
    pub(crate) fn unserved(&self, unserved: &Unserved<'_>) {
        self.queue.put(Box::new(AuditRecord::unserved(unserved)));
    }

    /// How many records there was no room for.
    pub(super) fn lost(&self) -> u64 {
        self.queue.lost()
    }

    pub(super) fn flush(&self) {
        self.queue.flush();
    }
}

impl Drop for Auditor {
    fn drop(&mut self) {
        self.queue.flush();
    }
}

/// A request that is recorded when it ends.
#[derive(Debug)]
pub(crate) struct Entry {
    record: Box<AuditRecord>,
    queue: Arc<Queue>,
}

impl Entry {
    pub(crate) fn end(mut self, outcome: Outcome, took: Duration, facts: &Facts) {
        self.record.end(outcome.name(), took, facts.limited.get().copied());
        self.queue.put(self.record);
    }
}
