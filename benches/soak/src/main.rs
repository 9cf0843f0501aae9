//! What a server stands, in figures: each row has a goal, what was seen, and whether that is met.
//!
//! `SOAK_SECONDS`, 60 by default, is how long the mixed load lasts; where the goal counts something, as many are tried as
//! fit into that time. It needs Linux, and 25,000 descriptors. Names behind `--` choose rows.

mod http;
mod parsing;
mod process;
mod rows;

use std::time::{Duration, Instant};

/// One goal, and what was seen.
pub struct Row {
    pub what: &'static str,
    pub goal: &'static str,
    pub seen: String,
    pub met: bool,
}

pub fn row(what: &'static str, goal: &'static str, seen: String, met: bool) -> Row {
    Row { what, goal, seen, met }
}

/// A fraction of durations is below this.
pub fn percentile(times: &mut [Duration], fraction: f64) -> Duration {
    times.sort_unstable();
    let at = (times.len() as f64 * fraction) as usize;
    times.get(at.min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let seconds = std::env::var("SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let lasting = Duration::from_secs(seconds);
    let chosen: Vec<String> = std::env::args().skip(1).collect();
    let mut rows = Vec::new();
    macro_rules! run {
        ($($name:ident: $run:expr;)*) => {$(
            if chosen.is_empty() || chosen.iter().any(|name| name == stringify!($name)) {
                let begun = Instant::now();
                let found = $run;
                eprintln!("{}: {:.1} s", stringify!($name), begun.elapsed().as_secs_f64());
                rows.extend(found);
            }
        )*};
    }
    run! {
        parsing: parsing::rows();
        in_flight: rows::in_flight::rows().await;
        connections: rows::connections::rows().await;
        same_id: rows::same_id::rows(lasting).await;
        sessions: rows::sessions::rows().await;
        refused: rows::memory::refused().await;
        stalled: rows::memory::stalled().await;
        disconnects: rows::leaving::disconnects().await;
        cancels: rows::leaving::cancels().await;
        panics: rows::panics::rows().await;
        shutdown: rows::shutdown::rows().await;
        slow: rows::memory::slow_heads().await;
        mixed: rows::mixed::rows(lasting).await;
    }
    println!("| what | goal | seen | |\n|---|---|---|---|");
    for Row { what, goal, seen, met } in &rows {
        println!("| {what} | {goal} | {seen} | {} |", if *met { "met" } else { "**not met**" });
    }
    let missed = rows.iter().filter(|row| !row.met).count();
    println!("\n{} of {} goals met", rows.len() - missed, rows.len());
    if missed == 0 { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}
