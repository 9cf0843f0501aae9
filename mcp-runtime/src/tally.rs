//! How often models slip, and what they are refused for: counted for each tool, for its author to read.
//!
//! A call that is right counts nothing, so it costs nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::schema::Slip;

/// What callers were refused for.
const REFUSED: [&str; 3] = ["missing", "unknown", "wrong"];

/// The counts of a tool, while it is served.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    slips: [AtomicU64; Slip::ALL.len()],
    refused: [AtomicU64; REFUSED.len()],
    broken_outputs: AtomicU64,
    deprecated: AtomicU64,
}

impl Tally {
    pub(crate) fn slipped(&self, slip: Slip) {
        let at = Slip::ALL.iter().position(|known| *known == slip);
        bump(at.and_then(|at| self.slips.get(at)));
    }

    /// A call was refused; told once for each kind of fault in it.
    pub(crate) fn refused(&self, kind: &str) {
        let at = REFUSED.iter().position(|known| *known == kind);
        bump(at.and_then(|at| self.refused.get(at)));
    }

    pub(crate) fn broke_its_output(&self) {
        bump(Some(&self.broken_outputs));
    }

    /// It was called though it is deprecated.
    pub(crate) fn was_deprecated(&self) {
        bump(Some(&self.deprecated));
    }

    pub(crate) fn read(&self) -> ToolCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let slips = Slip::ALL.iter().map(|slip| slip.name());
        ToolCounts {
            mended: slips.zip(self.slips.iter().map(read)).collect(),
            refused: REFUSED.into_iter().zip(self.refused.iter().map(read)).collect(),
            broken_outputs: read(&self.broken_outputs),
            deprecated: read(&self.deprecated),
        }
    }
}

fn bump(count: Option<&AtomicU64>) {
    if let Some(count) = count {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// How often models slipped with a tool, and were refused, since the server was built.
///
/// ```
/// /// Waits.
/// #[mcp::tool]
/// async fn wait(seconds: u64) {}
///
/// let server = mcp::server!().explicit().tool::<wait>().build()?;
/// let counts = server.counts();
/// assert_eq!(counts["wait"].mended["quoted_number"], 0);
/// assert_eq!(counts["wait"].refused["missing"], 0);
/// # Ok::<_, mcp::BuildError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ToolCounts {
    /// How many arguments were mended, by what the model did: `quoted_number`, `quoted_boolean`, `fraction`, `quoted_json`,
    /// `null`. Much of one kind says that the description should say better what is wanted.
    pub mended: BTreeMap<&'static str, u64>,
    /// How many calls were refused, by what was wrong: arguments that were `missing`, `unknown` or `wrong`. A call with faults
    /// of two kinds counts for both.
    pub refused: BTreeMap<&'static str, u64>,
    /// How many results were not what the output schema says. See
    /// [`ServerBuilder::check_outputs`](crate::ServerBuilder::check_outputs).
    pub broken_outputs: u64,
    /// How many calls a tool still got that is `#[deprecated]`: with none for a while, it can go.
    pub deprecated: u64,
}
