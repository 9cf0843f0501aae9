//! The log of a server that has none of its own: lines to standard error, written by a thread, so that a reader who
//! does not read stops nobody. When too many lines wait, the newest are dropped, and how many is said.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

use crate::ClientLog;

use super::known::Known;
use super::{LogFormat, LogLevel};

/// So many lines wait.
const WAITING: usize = 1024;
/// So long a flush waits for a reader.
const FLUSH: Duration = Duration::from_millis(200);

/// The writer that [`install`] installed, if it did. A process has one log.
static LINES: OnceLock<Lines> = OnceLock::new();

/// Logs to standard error, unless somebody has installed a subscriber.
///
/// What is logged in `told` and below it is told to clients too, while their calls are worked on.
pub(super) fn install(
    level: Option<LogLevel>,
    format: Option<LogFormat>,
    for_command: bool,
    told: Option<String>,
) {
    let asked = level.is_some() || format.is_some();
    let json = format == Some(LogFormat::Json);
    let level = match level {
        Some(LogLevel::Off) => LevelFilter::OFF,
        Some(LogLevel::Error) => LevelFilter::ERROR,
        Some(LogLevel::Warn) => LevelFilter::WARN,
        Some(LogLevel::Info) => LevelFilter::INFO,
        Some(LogLevel::Debug) => LevelFilter::DEBUG,
        Some(LogLevel::Trace) => LevelFilter::TRACE,
        None if for_command => LevelFilter::WARN,
        None => LevelFilter::INFO,
    };
    if tracing::dispatcher::has_been_set() {
        if asked {
            tracing::warn!("log_level and log_format say nothing here: this program has a log of its own");
        }
        return;
    }
    let told = told.map(ClientLog::of);
    // Somebody may have been faster; then the log is his.
    let _ = if json {
        tracing_subscriber::registry().with(as_json(level)).with(told).try_init()
    } else {
        tracing_subscriber::registry().with(text(level)).with(told).try_init()
    };
}

/// The process's log as text.
pub(crate) fn text<S: Subscriber + for<'a> LookupSpan<'a>>(level: LevelFilter) -> impl Layer<S> {
    let lines = LINES.get_or_init(Lines::start).clone();
    let format = tracing_subscriber::fmt::layer().with_writer(lines).with_ansi(io::stderr().is_terminal());
    format.map_event_format(|inner| Known { inner, form: LogFormat::Text }).with_filter(level)
}

fn as_json<S: Subscriber + for<'a> LookupSpan<'a>>(level: LevelFilter) -> impl Layer<S> {
    let lines = LINES.get_or_init(Lines::start).clone();
    let format = tracing_subscriber::fmt::layer().with_writer(lines).json();
    format.map_event_format(|inner| Known { inner, form: LogFormat::Json }).with_filter(level)
}

/// Waits until what was logged is written, but not for long.
pub(super) fn flush() {
    if let Some(lines) = LINES.get() {
        let (done, written) = sync_channel(1);
        if lines.sender.try_send(Line::Flush(done)).is_ok() {
            let _ = written.recv_timeout(FLUSH);
        }
    }
}

enum Line {
    Text(Vec<u8>),
    Flush(SyncSender<()>),
}

/// Where lines are put.
#[derive(Clone)]
struct Lines {
    sender: SyncSender<Line>,
    dropped: Arc<AtomicUsize>,
}

impl Lines {
    fn start() -> Self {
        let (sender, lines) = sync_channel(WAITING);
        let dropped = Arc::<AtomicUsize>::default();
        let counted = dropped.clone();
        // Without a thread there is no log, which is better than no server.
        let _ =
            std::thread::Builder::new().name("mcp-log".into()).spawn(move || write_lines(&lines, &counted));
        Self { sender, dropped }
    }
}

fn write_lines(lines: &Receiver<Line>, dropped: &AtomicUsize) {
    for line in lines {
        // A closed standard error is no reason to stop taking lines.
        match line {
            Line::Text(text) => {
                let dropped = dropped.swap(0, Ordering::Relaxed);
                if dropped > 0 {
                    let _ = writeln!(io::stderr(), "({dropped} lines of the log were dropped)");
                }
                let _ = io::stderr().write_all(&text);
            }
            Line::Flush(done) => {
                let _ = done.try_send(());
            }
        }
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Err(TrySendError::Full(_)) = self.sender.try_send(Line::Text(one_line(line))) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What callers wrote stands in errors: it begins no line that looks like one of ours.
fn one_line(event: &[u8]) -> Vec<u8> {
    let inner = event.strip_suffix(b"\n").unwrap_or(event);
    let mut line = Vec::with_capacity(event.len());
    for byte in inner {
        match byte {
            b'\n' => line.extend(b"\\n"),
            b'\r' => line.extend(b"\\r"),
            other => line.push(*other),
        }
    }
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_is_one_line_whatever_stands_in_it() {
        let (sender, lines) = sync_channel(8);
        let to = Lines { sender, dropped: Arc::default() };
        let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(to);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let error = "no such city: x\r\n2030-01-01T00:00:00Z  INFO mcp: all is well";
            tracing::warn!(%error, "failed");
            tracing::warn!("failed: {error}");
        });
        for line in lines.try_iter().take(2) {
            let Line::Text(line) = line else { panic!("a flush") };
            let line = String::from_utf8(line).unwrap();
            assert!(line.ends_with('\n') && line.lines().count() == 1, "{line:?}");
            assert!(line.contains("city: x\\r\\n2030"), "{line:?}");
        }
    }
}
