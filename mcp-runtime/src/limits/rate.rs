//! How fast a bucket of tokens fills.

use std::fmt;
use std::time::Duration;

/// So much in a time, and so much at once.
///
/// ```
/// # use mcp::Rate;
/// # use std::time::Duration;
/// let rate = Rate::per_minute(30).burst(5);
/// assert_eq!(rate.to_string(), "30 per minute, 5 at once");
/// assert_eq!(rate, Rate::new(30, Duration::from_secs(60)).burst(5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    count: u32,
    period: Duration,
    burst: u32,
    /// From one token to the next, in nanoseconds: a division that no request has to wait for.
    interval: u64,
}

impl Rate {
    /// So many in so long a time, one at least, and as many at once.
    pub const fn new(count: u32, period: Duration) -> Self {
        let count = if count == 0 { 1 } else { count };
        let nanoseconds = period.as_nanos() / count as u128;
        let interval = match nanoseconds {
            0 => 1,
            // The longest that can be said is some centuries.
            _ if nanoseconds > u64::MAX as u128 => u64::MAX,
            _ => nanoseconds as u64,
        };
        Self { count, period, burst: count, interval }
    }

    /// So many a second.
    pub const fn per_second(count: u32) -> Self {
        Self::new(count, Duration::from_secs(1))
    }

    /// So many a minute.
    pub const fn per_minute(count: u32) -> Self {
        Self::new(count, Duration::from_secs(60))
    }

    /// So many an hour.
    pub const fn per_hour(count: u32) -> Self {
        Self::new(count, Duration::from_secs(3600))
    }

    /// So many at once, one at least, after nothing came for a while.
    #[must_use]
    pub const fn burst(mut self, count: u32) -> Self {
        self.burst = if count == 0 { 1 } else { count };
        self
    }

    /// How many there may be in [`period`](Self::period).
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// In which time there may be [`count`](Self::count).
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// How many there may be at once.
    pub const fn at_once(&self) -> u32 {
        self.burst
    }

    /// In how many nanoseconds there is one more.
    pub(crate) fn interval(&self) -> u64 {
        self.interval
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, period, burst, .. } = self;
        match (period.as_secs(), period.subsec_nanos()) {
            (1, 0) => write!(f, "{count} per second")?,
            (60, 0) => write!(f, "{count} per minute")?,
            (3600, 0) => write!(f, "{count} per hour")?,
            _ => write!(f, "{count} in {period:?}")?,
        }
        if burst == count { Ok(()) } else { write!(f, ", {burst} at once") }
    }
}
