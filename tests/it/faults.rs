//! What goes wrong around a server, and what holds all the same: nothing lost, nothing done twice, nothing left over, and
//! memory within bounds. Each says its figure. Issuers that are down are in `auth`, stores that fail in `limits` and
//! `idempotency`.

#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod flood;
#[cfg(target_os = "linux")]
mod scarce;
mod shutdown;
#[cfg(target_os = "linux")]
mod vanish;

use std::time::Duration;

use tokio::process::Child;

use crate::wire::example;

/// The example `everything`, served over HTTP by a process of its own.
pub struct Serving {
    pub address: String,
    pub process: Child,
}

impl Serving {
    pub async fn start() -> Self {
        Self::start_after("").await
    }

    /// The same after a shell has done this.
    pub async fn start_after(first: &str) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let path = example("everything");
        assert!(path.exists(), "there is no example everything: cargo build --examples");
        let process = tokio::process::Command::new("sh")
            .args(["-c", &format!("{first} exec \"$0\" --log-level off --http {address}")])
            .arg(path)
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        for _ in 0..500 {
            if tokio::net::TcpStream::connect(&address).await.is_ok() {
                return Self { address, process };
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("nobody listens at {address}");
    }

    #[cfg(target_os = "linux")]
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.process.id().unwrap())).unwrap().count()
    }

    /// How long it has used a processor.
    #[cfg(target_os = "linux")]
    pub fn worked(&self) -> Duration {
        worked(self.process.id().unwrap())
    }

    /// What it holds, or has held at most (`VmRSS`, `VmHWM`), in KiB.
    #[cfg(target_os = "linux")]
    pub fn memory(&self, which: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(which)).unwrap();
        line.trim_matches([':', '\t', ' ']).split(' ').next().unwrap().parse().unwrap()
    }
}

/// How long a process has used a processor.
#[cfg(target_os = "linux")]
pub fn worked(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let after_name = stat.rsplit(") ").next().unwrap();
    let ticks: u64 = after_name.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// Numbers that look random, the same ones each time.
pub struct Dice(pub u64);

impl Dice {
    /// One below this.
    pub fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most.max(1) as u64).unwrap()
    }
}
