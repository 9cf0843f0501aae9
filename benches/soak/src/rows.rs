//! What is tried, one idea a file.

pub mod connections;
pub mod in_flight;
pub mod leaving;
pub mod memory;
pub mod mixed;
pub mod panics;
pub mod same_id;
pub mod sessions;
pub mod shutdown;

/// Bytes in words.
pub fn mib(bytes: i64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
