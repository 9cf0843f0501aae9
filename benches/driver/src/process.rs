//! A server process: what it has consumed, and that it ends with its owner.

use std::{
    fs,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    sys::signal::{Signal, kill},
    time::{ClockId, clock_getcpuclockid, clock_gettime},
    unistd::Pid,
};

pub struct Process {
    pub child: Child,
    pub clock: CpuClock,
}

/// The processor time of a process: all its threads, user and system, to the nanosecond.
#[derive(Clone, Copy)]
pub struct CpuClock(ClockId);

impl CpuClock {
    /// The time so far.
    ///
    /// # Errors
    /// The process is gone.
    pub fn now(self) -> Result<Duration> {
        Ok(clock_gettime(self.0).context("the server is gone")?.into())
    }
}

/// The processors that this process may use.
///
/// # Errors
/// The system does not say.
pub fn all_cores() -> Result<CpuSet> {
    Ok(sched_getaffinity(Pid::this())?)
}

/// The last of these processors alone; the first has most of the interrupts.
///
/// # Errors
/// There is none.
pub fn last_of(cores: &CpuSet) -> Result<CpuSet> {
    let last = (0..CpuSet::count()).rev().find(|&core| cores.is_set(core).unwrap_or(false));
    let mut one = CpuSet::new();
    one.set(last.context("no processor")?)?;
    Ok(one)
}

/// Confines this process, which is its only thread, to these processors.
///
/// # Errors
/// The system refuses.
pub fn confine_self(cores: &CpuSet) -> Result<()> {
    Ok(sched_setaffinity(Pid::this(), cores)?)
}

impl Process {
    /// Confines all its threads to these processors; threads that they start later inherit that.
    ///
    /// # Errors
    /// The process is gone.
    pub fn confine(&self, cores: &CpuSet) -> Result<()> {
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let Some(id) = task?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // A thread that has just ended needs no processor.
            let _ = sched_setaffinity(Pid::from_raw(id), cores);
        }
        Ok(())
    }

    /// Starts the command with pipes for standard input and output; what it logs goes nowhere.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(mut command: Command) -> Result<Self> {
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let clock = CpuClock(clock_getcpuclockid(Pid::from_raw(child.id().cast_signed()))?);
        Ok(Self { child, clock })
    }

    /// Resident memory in bytes.
    ///
    /// # Errors
    /// The process is gone.
    pub fn resident(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kilobytes: f64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.trim().strip_suffix("kB"))
            .and_then(|number| number.trim().parse().ok())
            .context("no VmRSS")?;
        Ok(kilobytes * 1024.0)
    }

    /// Asks it to end and waits.
    ///
    /// # Errors
    /// It still runs after `limit`; it is killed then.
    pub fn terminate(&mut self, limit: Duration) -> Result<ExitStatus> {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM)?;
        self.wait(limit)
    }

    /// Closes its standard input and waits.
    ///
    /// # Errors
    /// It still runs after `limit`; it is killed then.
    pub fn close(&mut self, limit: Duration) -> Result<ExitStatus> {
        self.child.stdin.take();
        self.wait(limit)
    }

    fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < limit {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(2));
        }
        bail!("a server did not end within {limit:?}")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
