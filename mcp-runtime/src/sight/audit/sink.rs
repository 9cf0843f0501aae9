//! Where records of the audit go.

use std::fmt::Debug;
use std::io::{self, BufWriter, Write};
use std::time::SystemTime;

use super::AuditRecord;
use super::record::moment;

/// Where records of the audit go, such as a table or another machine's log.
///
/// It is used from a thread of its own, so it may block; while it does, records wait, and those that there is no room for are
/// lost. A record that it fails to write is lost too.
///
/// ```
/// use std::io;
/// use std::sync::mpsc::Sender;
/// use mcp::{Audit, AuditRecord, AuditSink};
///
/// #[derive(Debug)]
/// struct Refusals(Sender<String>);
///
/// impl AuditSink for Refusals {
///     fn write(&mut self, record: &AuditRecord) -> io::Result<()> {
///         if record.outcome == "forbidden" {
///             self.0.send(record.to_json()).map_err(io::Error::other)?;
///         }
///         Ok(())
///     }
/// }
///
/// # let (sender, refusals) = std::sync::mpsc::channel();
/// let server = mcp::server!().audit(Audit::sink(Refusals(sender)));
/// ```
pub trait AuditSink: Debug + Send + 'static {
    /// Takes a record.
    ///
    /// # Errors
    ///
    /// Where it could not be written. It counts as lost, and the log says so.
    fn write(&mut self, record: &AuditRecord) -> io::Result<()>;

    /// Says that so many records are missing here, because they came faster than they were written.
    ///
    /// # Errors
    ///
    /// Where it could not be written.
    fn lost(&mut self, _records: u64) -> io::Result<()> {
        Ok(())
    }

    /// Makes sure of what was written. It is asked for whenever no record waits.
    ///
    /// # Errors
    ///
    /// Where that failed.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One JSON object a line. Each is handed on whole, so that the lines of two processes with one file stay apart.
pub(super) struct Lines<W: Write> {
    to: BufWriter<W>,
    /// The last line may lack its end.
    broken: bool,
}

impl<W: Write> Lines<W> {
    pub(super) fn new(writer: W) -> Self {
        Self { to: BufWriter::new(writer), broken: false }
    }

    fn line(&mut self, record: &str) -> io::Result<()> {
        let before = if self.broken { "\n" } else { "" };
        let line = format!("{before}{record}\n");
        let written = self.to.write_all(line.as_bytes());
        // A short line that finds no room is not begun.
        self.broken = written.is_err() && (self.broken || line.len() >= self.to.capacity());
        written
    }
}

impl<W: Write> Debug for Lines<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lines")
    }
}

impl<W: Write + Send + 'static> AuditSink for Lines<W> {
    fn write(&mut self, record: &AuditRecord) -> io::Result<()> {
        self.line(&record.to_json())
    }

    fn lost(&mut self, records: u64) -> io::Result<()> {
        let said = serde_json::json!({"time": moment(SystemTime::now()), "lost": records});
        self.line(&said.to_string())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
