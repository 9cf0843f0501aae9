//! Messages within one process, for tests and for programs that are client and server in one.

use std::io;

use tokio::sync::mpsc;

use super::{Frame, Transport};

/// One end of a connection within the process; the other end is an equal one.
///
/// Give one to [`Server::serve`](crate::Server::serve), and keep the other: what is sent at one end is received at the
/// other.
#[derive(Debug)]
pub struct Memory {
    incoming: mpsc::Receiver<Vec<u8>>,
    outgoing: mpsc::Sender<Vec<u8>>,
    received: Vec<u8>,
}

/// So many messages wait in each direction before sending waits.
const WAITING: usize = 256;

/// The two ends of a connection within the process.
pub fn memory() -> (Memory, Memory) {
    let (to_a, from_b) = mpsc::channel(WAITING);
    let (to_b, from_a) = mpsc::channel(WAITING);
    let end = |incoming, outgoing| Memory { incoming, outgoing, received: Vec::new() };
    (end(from_b, to_b), end(from_a, to_a))
}

impl Transport for Memory {
    async fn receive(&mut self) -> io::Result<Option<Frame<'_>>> {
        let Some(message) = self.incoming.recv().await else { return Ok(None) };
        self.received = message;
        Ok(Some(Frame::Message(&self.received)))
    }

    async fn send(&mut self, message: Vec<u8>) -> io::Result<()> {
        self.outgoing.send(message).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
