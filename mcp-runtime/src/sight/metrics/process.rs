//! What the process takes of the machine, as Linux says in `/proc`; elsewhere nothing is said. The names are those that
//! client libraries of Prometheus use.

use std::fs::{read_dir, read_to_string};

/// The unit in which Linux tells programs of time, on every architecture that this runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// A figure with its name, what kind it is, and what it says.
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) help: &'static str,
    pub(super) value: f64,
}

pub(super) fn figures() -> Vec<Figure> {
    let gauge = |name, help, value| Figure { name, kind: "gauge", help, value };
    let mut figures = Vec::new();
    let stat = read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program stands in parentheses and may be anything; what follows has fixed places.
    let fields: Vec<&str> =
        stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().collect()).unwrap_or_default();
    let field = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
    if let (Some(user), Some(system)) = (field(11), field(12)) {
        figures.push(Figure {
            name: "process_cpu_seconds_total",
            kind: "counter",
            help: "Processor time of the process in seconds.",
            value: (user + system) / TICKS_PER_SECOND,
        });
    }
    let booted = read_to_string("/proc/stat").ok().and_then(|stat| number_after(&stat, "btime"));
    if let (Some(booted), Some(started)) = (booted, field(19)) {
        let value = booted + started / TICKS_PER_SECOND;
        figures.push(gauge(
            "process_start_time_seconds",
            "When the process began, in seconds since 1970.",
            value,
        ));
    }
    if let Some(value) = field(17) {
        figures.push(gauge("process_threads", "Threads of the process.", value));
    }
    if let Some(value) = field(20) {
        figures.push(gauge("process_virtual_memory_bytes", "Address space of the process.", value));
    }
    let status = read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(kilobytes) = number_after(&status, "VmRSS:") {
        figures.push(gauge("process_resident_memory_bytes", "Memory of the process.", kilobytes * 1024.0));
    }
    if let Ok(open) = read_dir("/proc/self/fd") {
        // One of them reads this.
        let value = open.count().saturating_sub(1) as f64;
        figures.push(gauge("process_open_fds", "Open file descriptors.", value));
    }
    let limits = read_to_string("/proc/self/limits").unwrap_or_default();
    if let Some(value) = number_after(&limits, "Max open files") {
        figures.push(gauge("process_max_fds", "File descriptors that there may be.", value));
    }
    figures
}

/// The number that follows a word at the beginning of a line.
fn number_after(text: &str, word: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(word))?;
    rest.split_whitespace().next()?.parse().ok()
}
