//! Instructions per call, by callgrind: the difference between a long run and a short one, so that starting and
//! ending count for nothing.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{
    http::{self, Running},
    report::{Report, Unit},
    servers::Server,
    stdio::{Client, Until},
    workload::{CALLS, Call, ERAS, Era},
};

pub const SHORT: u64 = 200;
pub const LONG: u64 = 1200;
/// Ending under callgrind, which then writes what it counted.
const PATIENCE: Duration = Duration::from_secs(60);

/// # Errors
/// A server fails or answers wrongly.
pub fn measure(servers: &[Server], report: &mut Report) -> Result<()> {
    if !is_valgrind_there() {
        eprintln!("instructions: skipped, valgrind is not installed");
        report.note("Instructions are missing: valgrind is not installed.");
        return Ok(());
    }
    for era in ERAS {
        for call in CALLS {
            measure_one(servers, report, &format!("stdio {}", call.name()), era, |server, calls| {
                count_stdio(&server.stdio(), call, era, calls)
            })?;
        }
        for call in [Call::Add, Call::Search] {
            measure_one(servers, report, &format!("HTTP {}", call.name()), era, |server, calls| {
                count_http(&server.stdio(), call, era, calls, "")
            })?;
        }
    }
    Ok(())
}

fn measure_one(
    servers: &[Server],
    report: &mut Report,
    what: &str,
    era: Era,
    count: impl Fn(&Server, u64) -> Result<u64>,
) -> Result<()> {
    let label = format!("{what}, {}", era.revision());
    eprintln!("instructions {label}");
    let mut values = Vec::new();
    for server in servers {
        let long = count(server, LONG).context(server.name)?;
        let short = count(server, SHORT).context(server.name)?;
        values.push(Some(long.saturating_sub(short) as f64 / (LONG - SHORT) as f64));
    }
    report.add("Instructions per call", &label, Unit::Instructions, values.into_iter());
    Ok(())
}

/// How many instructions a server on stdio takes for so many calls, its start and end included.
///
/// # Errors
/// It fails or answers wrongly.
pub fn count_stdio(server: &Command, call: Call, era: Era, calls: u64) -> Result<u64> {
    let file = file();
    let mut client = Client::start(under_callgrind(server, &file), era)?;
    client.run(call, 1, &Until::Calls(calls))?;
    client.process.close(PATIENCE)?;
    total(&file)
}

/// The same over HTTP, where `credentials` is a header that shows who calls, or nothing.
///
/// # Errors
/// It fails or answers wrongly.
pub fn count_http(
    server: &Command,
    call: Call,
    era: Era,
    calls: u64,
    credentials: &'static str,
) -> Result<u64> {
    let file = file();
    let mut running = Running::start_with(|address| {
        let mut command = under_callgrind(server, &file);
        command.args(["--http", address]);
        command
    })?;
    http::runtime()?.block_on(async {
        let mut connection = http::connect_with(&running, era, credentials).await?;
        http::run_calls(&mut connection, call, calls).await
    })?;
    running.process.terminate(PATIENCE)?;
    total(&file)
}

fn under_callgrind(server: &Command, file: &Path) -> Command {
    let mut out = PathBuf::from("--callgrind-out-file=").into_os_string();
    out.push(file);
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--quiet"]).arg(out).arg(server.get_program()).args(server.get_args());
    command
}

/// Where callgrind writes.
fn file() -> PathBuf {
    env::temp_dir().join(format!("callgrind.{}", std::process::id()))
}

/// The sum that callgrind wrote.
fn total(file: &Path) -> Result<u64> {
    let text = fs::read_to_string(file).context("callgrind wrote nothing")?;
    fs::remove_file(file)?;
    text.lines()
        .find_map(|line| line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:")))
        .and_then(|number| number.trim().parse().ok())
        .context("callgrind wrote no sum")
}

pub fn is_valgrind_there() -> bool {
    Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
