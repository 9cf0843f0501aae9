//! A Redis of a test's own, which can be stopped, killed and started again.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Real {
    folder: PathBuf,
    port: u16,
    process: Child,
    more: &'static [&'static str],
}

impl Real {
    /// One that forgets everything when it ends.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// One that has written down whatever it has answered.
    pub async fn durable() -> Self {
        Self::start_with(&["--appendonly", "yes", "--appendfsync", "always"]).await
    }

    pub async fn start_with(more: &'static [&'static str]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("mcp-redis-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        // Somebody may take the port first: then another one is tried.
        for _ in 0..20 {
            let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let process = spawn(&folder, port, more);
            let mut real = Self { folder: folder.clone(), port, process, more };
            if real.answers().await {
                return real;
            }
            let _ = real.process.kill();
            std::fs::create_dir_all(&folder).unwrap();
        }
        panic!("redis-server does not start: see what `redis-server --port 6400` says");
    }

    pub fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// It lives and does not answer.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again, with what it had written down.
    pub async fn restart(&mut self) {
        self.process = spawn(&self.folder, self.port, self.more);
        assert!(self.answers().await, "redis does not start again");
    }

    /// What it says to a command, raw.
    pub async fn say(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.ok()?;
        stream.write_all(format!("{command}\r\n").as_bytes()).await.ok()?;
        let mut answer = vec![0; 4096];
        let read = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut answer)).await.ok()?.ok()?;
        Some(String::from_utf8_lossy(&answer[..read]).into_owned())
    }

    async fn answers(&mut self) -> bool {
        for _ in 0..400 {
            if self.say("PING").await.is_some_and(|said| said == "+PONG\r\n" || said.starts_with("-NOAUTH")) {
                return self.process.try_wait().unwrap().is_none();
            }
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        false
    }

    fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn spawn(folder: &std::path::Path, port: u16, more: &[&str]) -> Child {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string()])
        .arg("--dir")
        .arg(folder)
        .args(more)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("redis-server does not start ({error}): run tests/redis/install"))
}
