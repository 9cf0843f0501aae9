//! How long things took, in buckets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper bounds in nanoseconds, and as they are written in seconds: those that the semantic conventions of OpenTelemetry
/// name for the operations of a server, with finer ones below them for what is quick.
const BOUNDS: [(u64, &str); 17] = [
    (100_000, "0.0001"),
    (1_000_000, "0.001"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (20_000_000, "0.02"),
    (50_000_000, "0.05"),
    (100_000_000, "0.1"),
    (200_000_000, "0.2"),
    (500_000_000, "0.5"),
    (1_000_000_000, "1"),
    (2_000_000_000, "2"),
    (5_000_000_000, "5"),
    (10_000_000_000, "10"),
    (30_000_000_000, "30"),
    (60_000_000_000, "60"),
    (120_000_000_000, "120"),
    (300_000_000_000, "300"),
];

#[derive(Debug, Default)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BOUNDS.len()],
    above: AtomicU64,
    nanoseconds: AtomicU64,
}

/// What a histogram holds just now.
pub(super) struct Reading {
    /// How many took so long at most, by the bound as it is written; each counts those before it too.
    pub(super) buckets: Vec<(&'static str, u64)>,
    pub(super) count: u64,
    pub(super) seconds: f64,
}

impl Histogram {
    pub(super) fn add(&self, took: Duration) {
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().position(|(bound, _)| nanoseconds <= *bound);
        let bucket = bucket.and_then(|at| self.buckets.get(at)).unwrap_or(&self.above);
        bucket.fetch_add(1, Ordering::Relaxed);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Reading {
        let mut count = 0;
        let buckets = self.buckets.iter().zip(BOUNDS).map(|(bucket, (_, bound))| {
            count += bucket.load(Ordering::Relaxed);
            (bound, count)
        });
        let buckets = buckets.collect();
        let count = count + self.above.load(Ordering::Relaxed);
        Reading { buckets, count, seconds: self.nanoseconds.load(Ordering::Relaxed) as f64 / 1e9 }
    }
}
