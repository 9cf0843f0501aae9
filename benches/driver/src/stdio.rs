//! A client over pipes that keeps a given number of requests in flight.

use std::{
    io::{Read, Write},
    os::fd::AsFd,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use nix::poll::{PollFd, PollFlags, poll};

use crate::{
    check::Checker,
    process::Process,
    workload::{Call, Era, INITIALIZE, INITIALIZED},
};

/// A server that says nothing for so long has failed.
const PATIENCE_MS: u16 = 60_000;

pub struct Client {
    pub process: Process,
    era: Era,
    received: Vec<u8>,
    next: u64,
}

/// When a run of calls is over.
pub enum Until {
    Elapsed(Duration),
    Calls(u64),
}

impl Client {
    /// Starts the server and, in the stateful era, begins the conversation.
    ///
    /// # Errors
    /// It cannot be started or does not answer.
    pub fn start(command: Command, era: Era) -> Result<Self> {
        let mut client = Self { process: Process::start(command)?, era, received: Vec::new(), next: 1 };
        if era == Era::Stateful {
            client.send(&format!("{INITIALIZE}\n"))?;
            let line = client.line()?;
            ensure!(
                memchr::memmem::find(&line, br#""protocolVersion":"2025-11-25""#).is_some(),
                "initialize: {}",
                String::from_utf8_lossy(&line)
            );
            client.send(&format!("{INITIALIZED}\n"))?;
        }
        Ok(client)
    }

    /// Makes calls with `depth` of them in flight; returns how many and how long it took.
    ///
    /// # Errors
    /// A reply is wrong, missing, or nobody asked for it.
    pub fn run(&mut self, call: Call, depth: u64, until: &Until) -> Result<(u64, Duration)> {
        let mut checker = Checker::new(call, self.era);
        let mut requests = String::new();
        let mut outstanding: Vec<u64> = Vec::new();
        let mut done = 0;
        let start = Instant::now();
        let mut wanted = depth;
        loop {
            for _ in 0..wanted {
                call.write(&mut requests, self.era, self.next);
                requests.push('\n');
                outstanding.push(self.next);
                self.next += 1;
            }
            if !requests.is_empty() {
                self.send(&requests)?;
                requests.clear();
            }
            if outstanding.is_empty() {
                return Ok((done, start.elapsed()));
            }
            self.receive()?;
            let mut taken = 0;
            let mut replies = 0;
            while let Some(end) = memchr::memchr(b'\n', &self.received[taken..]) {
                let id = checker.check(&self.received[taken..taken + end])?;
                let Some(place) = outstanding.iter().position(|&number| number == id) else {
                    bail!("a reply with the id {id}, which nobody waits for");
                };
                outstanding.swap_remove(place);
                taken += end + 1;
                replies += 1;
            }
            self.received.drain(..taken);
            done += replies;
            wanted = match until {
                Until::Elapsed(limit) if start.elapsed() >= *limit => 0,
                Until::Elapsed(_) => replies,
                Until::Calls(calls) => replies.min(calls.saturating_sub(done + outstanding.len() as u64)),
            };
        }
    }

    fn send(&mut self, text: &str) -> Result<()> {
        let Some(input) = &mut self.process.child.stdin else { bail!("standard input is closed") };
        input.write_all(text.as_bytes())?;
        Ok(())
    }

    fn receive(&mut self) -> Result<()> {
        let Some(output) = &mut self.process.child.stdout else { bail!("no standard output") };
        if poll(&mut [PollFd::new(output.as_fd(), PollFlags::POLLIN)], PATIENCE_MS)? == 0 {
            bail!("the server does not answer");
        }
        let length = self.received.len();
        self.received.resize(length + (64 << 10), 0);
        let read = output.read(&mut self.received[length..])?;
        self.received.truncate(length + read);
        ensure!(read > 0, "the server ended");
        Ok(())
    }

    fn line(&mut self) -> Result<Vec<u8>> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.received) {
                return Ok(self.received.drain(..=end).collect());
            }
            self.receive()?;
        }
    }
}
