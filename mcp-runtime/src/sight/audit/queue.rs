//! Records on their way to the thread that writes them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use super::{AuditRecord, AuditSink};

/// So long a flush waits.
const FLUSH: Duration = Duration::from_secs(2);
/// When to look again for room in the queue.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// That records are lost is said in the log this often at most.
const COMPLAIN_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Queue {
    sender: SyncSender<Message>,
    lost: Arc<Lost>,
}

#[derive(Debug)]
enum Message {
    Record(Box<AuditRecord>),
    Flush(SyncSender<()>),
}

#[derive(Debug, Default)]
struct Lost {
    all: AtomicU64,
    /// What the sink has not been told of yet.
    untold: AtomicU64,
}

impl Lost {
    fn count(&self) {
        self.all.fetch_add(1, Ordering::Relaxed);
        self.untold.fetch_add(1, Ordering::Relaxed);
    }
}

impl Queue {
    pub(super) fn start(sink: Box<dyn AuditSink>, room: usize) -> Self {
        let (sender, messages) = sync_channel(room);
        let lost = Arc::<Lost>::default();
        let writer = Writer { sink, lost: lost.clone(), complained: None };
        if let Err(error) =
            std::thread::Builder::new().name("mcp-audit".into()).spawn(move || writer.run(&messages))
        {
            // Whatever is put into it from now on counts as lost.
            tracing::error!(%error, "the audit has no thread: nothing is recorded");
        }
        Self { sender, lost }
    }

    pub(super) fn put(&self, record: Box<AuditRecord>) {
        if self.sender.try_send(Message::Record(record)).is_err() {
            self.lost.count();
        }
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost.all.load(Ordering::Relaxed)
    }

    /// Waits until everything that was put in before is written, but not for long.
    pub(super) fn flush(&self) {
        let until = Instant::now() + FLUSH;
        let (done, written) = sync_channel(1);
        let mut flush = Message::Flush(done);
        loop {
            match self.sender.try_send(flush) {
                Ok(()) => break,
                Err(TrySendError::Full(back)) if Instant::now() < until => flush = back,
                Err(_) => return,
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        let _ = written.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}

/// The thread that writes.
struct Writer {
    sink: Box<dyn AuditSink>,
    lost: Arc<Lost>,
    complained: Option<Instant>,
}

impl Writer {
    fn run(mut self, messages: &Receiver<Message>) {
        loop {
            let message = match messages.try_recv() {
                Ok(message) => message,
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {
                    self.settle();
                    let Ok(message) = messages.recv() else { break };
                    message
                }
            };
            match message {
                Message::Record(record) => self.write(&record),
                Message::Flush(done) => {
                    self.settle();
                    let _ = done.try_send(());
                }
            }
        }
        self.settle();
    }

    fn write(&mut self, record: &AuditRecord) {
        if let Err(problem) = attempt(|| self.sink.write(record)) {
            self.lost.count();
            self.complain(&problem);
        }
    }

    /// Says what is missing, and makes sure of the rest.
    fn settle(&mut self) {
        let lost = self.lost.untold.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "records of the audit are lost: they came faster than they were written");
            if let Err(problem) = attempt(|| self.sink.lost(lost)) {
                self.complain(&problem);
            }
        }
        if let Err(problem) = attempt(|| self.sink.flush()) {
            self.complain(&problem);
        }
    }

    fn complain(&mut self, problem: &str) {
        if self.complained.is_none_or(|last| last.elapsed() >= COMPLAIN_EVERY) {
            self.complained = Some(Instant::now());
            tracing::error!(problem, "the audit cannot be written");
        }
    }
}

/// A sink that panics has failed, and is tried again with the next record.
fn attempt(write: impl FnOnce() -> std::io::Result<()>) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(write)) {
        Ok(written) => written.map_err(|error| error.to_string()),
        Err(_) => Err("it panicked; the panic's message is on standard error".into()),
    }
}
