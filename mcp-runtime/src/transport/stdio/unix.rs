//! The descriptors of the process: pipes and sockets are read and written without blocking, and standard output is
//! kept for the protocol.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::fs::{FileType, OFlags, Stat, fcntl_getfl, fcntl_setfl, fstat};
use rustix::stdio::dup2_stdout;
use tokio::net::unix::pipe;

use super::{Input, Output, blocking};

/// Puts the descriptors back as they were when it is dropped.
pub(super) struct Streams {
    /// Where standard output went.
    stdout: OwnedFd,
    /// Modes belong to what is open, which other processes may share, so they are put back.
    modes: Vec<(OwnedFd, OFlags)>,
}

impl Drop for Streams {
    fn drop(&mut self) {
        for (descriptor, mode) in &self.modes {
            let _ = fcntl_setfl(descriptor, *mode);
        }
        let _ = dup2_stdout(&self.stdout);
    }
}

/// Opens standard input and output for the protocol, and points standard output at standard error for everybody else.
pub(super) fn open() -> io::Result<(Streams, Input, Output)> {
    let stdin = io::stdin().as_fd().try_clone_to_owned()?;
    let stdout = io::stdout().as_fd().try_clone_to_owned()?;
    let stderr = io::stderr();
    let others = fstat(&stderr).ok();
    let mut streams = Streams { stdout: stdout.try_clone()?, modes: Vec::new() };
    // A closed standard error has nowhere to send prints to; then they vanish instead.
    if dup2_stdout(stderr.as_fd()).is_err() {
        dup2_stdout(File::options().write(true).open("/dev/null")?)?;
    }
    let input = streams.input(stdin, others.as_ref())?;
    let output = streams.output(stdout, others.as_ref())?;
    Ok((streams, input, output))
}

/// How a descriptor is served.
enum Way {
    Pipe,
    Socket,
    /// What knows no readiness, and what is open as standard error too: that one must go on blocking, or lines of the
    /// log are lost.
    Thread,
}

impl Way {
    fn of(descriptor: &OwnedFd, others: Option<&Stat>) -> io::Result<Self> {
        let found = fstat(descriptor)?;
        if others.is_some_and(|other| (other.st_dev, other.st_ino) == (found.st_dev, found.st_ino)) {
            return Ok(Self::Thread);
        }
        Ok(match FileType::from_raw_mode(found.st_mode) {
            FileType::Fifo => Self::Pipe,
            FileType::Socket => Self::Socket,
            _ => Self::Thread,
        })
    }
}

impl Streams {
    fn remember(&mut self, descriptor: &OwnedFd) -> io::Result<()> {
        self.modes.push((descriptor.try_clone()?, fcntl_getfl(descriptor)?));
        Ok(())
    }

    fn socket(&mut self, descriptor: OwnedFd) -> io::Result<tokio::net::UnixStream> {
        self.remember(&descriptor)?;
        let stream = UnixStream::from(descriptor);
        stream.set_nonblocking(true)?;
        tokio::net::UnixStream::from_std(stream)
    }

    fn input(&mut self, stdin: OwnedFd, others: Option<&Stat>) -> io::Result<Input> {
        Ok(match Way::of(&stdin, others)? {
            Way::Pipe => {
                self.remember(&stdin)?;
                Box::new(pipe::Receiver::from_owned_fd(stdin)?)
            }
            Way::Socket => Box::new(self.socket(stdin)?),
            Way::Thread => Box::new(blocking::Reader::new(File::from(stdin))?),
        })
    }

    fn output(&mut self, stdout: OwnedFd, others: Option<&Stat>) -> io::Result<Output> {
        Ok(match Way::of(&stdout, others)? {
            Way::Pipe => {
                self.remember(&stdout)?;
                Box::new(pipe::Sender::from_owned_fd(stdout)?)
            }
            Way::Socket => Box::new(self.socket(stdout)?),
            Way::Thread => Box::new(blocking::Writer::new(File::from(stdout))?),
        })
    }
}
