//! A server process, and what the system knows of it.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::http::Connection;

fn program() -> PathBuf {
    std::env::current_exe().expect("this program has a path").with_file_name("soaked")
}

pub struct Process {
    pub child: Child,
    pid: u32,
}

impl Process {
    fn spawn(arguments: &[&str], piped: bool) -> Self {
        let pipe = || if piped { Stdio::piped() } else { Stdio::null() };
        let mut command = Command::new(program());
        command.args(arguments).stdin(pipe()).stdout(pipe()).stderr(Stdio::null()).kill_on_drop(true);
        let child = command.spawn().expect("`soaked` stands beside this program: cargo build -p soak");
        let pid = child.id().expect("it runs");
        Self { child, pid }
    }

    /// What it holds in memory, in bytes.
    pub fn memory(&self) -> i64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
        line.split_whitespace().next().and_then(|kib| kib.parse::<i64>().ok()).unwrap_or(0) * 1024
    }

    /// How many descriptors it has open.
    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid)).map(Iterator::count).unwrap_or(0)
    }

    pub fn terminate(&self) {
        let _ = std::process::Command::new("kill").args(["-TERM", &self.pid.to_string()]).status();
    }

    /// How long it takes to end, and its exit code.
    pub async fn ended(&mut self) -> (Duration, Option<i32>) {
        let begun = Instant::now();
        let ended = tokio::time::timeout(Duration::from_secs(20), self.child.wait()).await;
        (begun.elapsed(), ended.ok().and_then(Result::ok).and_then(|status| status.code()))
    }
}

pub struct Http {
    pub process: Process,
    pub address: String,
}

impl Http {
    pub async fn start() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("a port is free").to_string();
        let process = Process::spawn(&["--http", &address], false);
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(&address).await.is_ok() {
                return Self { process, address };
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the server does not listen at {address}");
    }

    pub async fn connect(&self) -> Connection {
        Connection::open(&self.address).await.expect("the server takes connections")
    }
}

pub struct Pipes {
    pub process: Process,
    pub stdin: Option<ChildStdin>,
    pub stdout: BufReader<ChildStdout>,
}

impl Pipes {
    pub fn start() -> Self {
        let mut process = Process::spawn(&[], true);
        let stdin = process.child.stdin.take();
        let stdout = BufReader::with_capacity(1 << 20, process.child.stdout.take().expect("it is a pipe"));
        Self { process, stdin, stdout }
    }

    pub async fn send(&mut self, message: &str) {
        let stdin = self.stdin.as_mut().expect("it is open");
        let line = [message.as_bytes(), b"\n"].concat();
        stdin.write_all(&line).await.expect("the server reads");
    }

    pub async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = tokio::time::timeout(Duration::from_secs(60), self.stdout.read_line(&mut line)).await;
        (read.ok()?.ok()? > 0).then_some(line)
    }
}
