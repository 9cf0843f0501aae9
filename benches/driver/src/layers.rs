//! What each layer costs: instructions of a call with it, less those of a call with nothing around it.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

use crate::{
    instructions::{self, LONG, SHORT},
    report::grouped,
    servers,
    workload::{Call, Era},
};

/// Shown with every request over HTTP, so that what reads it is all that differs.
const CREDENTIALS: &str = "Authorization: Bearer the-key-of-the-driver-which-is-no-secret\r\n";

/// Measures every layer that the server `layers` knows, and writes LAYERS.md.
///
/// # Errors
/// The server does not build, fails, or answers wrongly.
pub fn measure(workspace: &Path, build: bool) -> Result<()> {
    ensure!(instructions::is_valgrind_there(), "valgrind is not installed");
    let binary = servers::ready(workspace, "layers", build)?;
    let list = Command::new(&binary).arg("--list").output().context("layers does not start")?;
    let list = String::from_utf8(list.stdout)?;
    let mut nothing = None;
    let mut text = String::from(
        "# What layers cost\n\nInstructions that a call of `add` (2025-11-25) takes beyond one with nothing around it, by callgrind: \
         `cargo run --release -p driver -- --only layers`. The server has one thread, so that they repeat.\n\n\
         | layer | stdio | HTTP |\n|---|---:|---:|\n",
    );
    for line in list.lines() {
        let (name, what) = line.split_once('\t').context("layers lists nothing that can be read")?;
        eprintln!("layer {name}");
        let command = || {
            let mut command = Command::new(&binary);
            command.arg(name);
            command
        };
        let stdio = per_call(|calls| instructions::count_stdio(&command(), Call::Add, Era::Stateful, calls))?;
        let http = per_call(|calls| {
            instructions::count_http(&command(), Call::Add, Era::Stateful, calls, CREDENTIALS)
        })?;
        match nothing {
            None => {
                nothing = Some((stdio, http));
                writeln!(text, "| {what} | {} | {} |", grouped(stdio), grouped(http))?;
            }
            Some((base_stdio, base_http)) => {
                writeln!(text, "| {what} | {:+.0} | {:+.0} |", stdio - base_stdio, http - base_http)?;
            }
        }
    }
    println!("{text}");
    let path = workspace.join("LAYERS.md");
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn per_call(count: impl Fn(u64) -> Result<u64>) -> Result<f64> {
    let long = count(LONG)?;
    Ok(long.saturating_sub(count(SHORT)?) as f64 / (LONG - SHORT) as f64)
}
