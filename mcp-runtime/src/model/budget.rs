//! How much time a call has left. The clock is first looked at when somebody has to wait, and stands still while the
//! client is asked something.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The time of one call.
#[derive(Debug, Default)]
pub(crate) struct Budget(Mutex<Time>);

#[derive(Debug, Default, Clone, Copy)]
enum Time {
    #[default]
    Unlimited,
    /// Nothing of it has been used.
    Whole(Duration),
    Until(Instant),
    /// It stands still with so much left.
    Paused(Duration),
}

impl Budget {
    fn lock(&self) -> MutexGuard<'_, Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, limit: Duration) {
        *self.lock() = Time::Whole(limit);
    }

    /// The call has all the time that there is.
    pub(crate) fn lift(&self) {
        *self.lock() = Time::Unlimited;
    }

    /// The time runs, and is over then.
    pub(crate) fn run(&self) -> Option<Instant> {
        let mut time = self.lock();
        let until = match *time {
            Time::Unlimited => return None,
            Time::Until(until) => return Some(until),
            Time::Whole(left) | Time::Paused(left) => Instant::now().checked_add(left),
        };
        *time = until.map_or(Time::Unlimited, Time::Until);
        until
    }

    /// The time stands still.
    pub(crate) fn pause(&self) {
        let mut time = self.lock();
        match *time {
            Time::Unlimited | Time::Paused(_) => {}
            Time::Whole(left) => *time = Time::Paused(left),
            Time::Until(until) => *time = Time::Paused(until.saturating_duration_since(Instant::now())),
        }
    }

    /// What is left; `None` where there is no limit. Whoever asks starts the clock.
    pub(crate) fn left(&self) -> Option<Duration> {
        if let Time::Paused(left) = *self.lock() {
            return Some(left);
        }
        self.run().map(|until| until.saturating_duration_since(Instant::now()))
    }
}
