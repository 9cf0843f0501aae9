//! Small adapters between bytes and [`Server::handle`](crate::Server::handle).

mod drive;
#[cfg(feature = "http")]
pub mod http;
mod lines;
mod memory;
pub(crate) mod stdio;

use std::io;
use std::time::Duration;

pub use lines::Lines;
pub use memory::{Memory, memory};

/// Something that carries whole messages between a server and one peer: a pipe, a socket, a channel.
///
/// Anything that reads and writes bytes is one already, through [`Lines`]. Implement it for what has messages of its own,
/// such as a WebSocket, and give it to [`Server::serve`](crate::Server::serve). HTTP is not such a transport, because
/// each of its requests has a reply of its own; it calls [`Server::handle`](crate::Server::handle) directly.
///
/// ```
/// use std::io;
/// use mcp::transport::{Frame, Transport};
/// use tokio::sync::mpsc;
///
/// /// Messages through a pair of channels.
/// struct Channels { incoming: mpsc::Receiver<Vec<u8>>, outgoing: mpsc::Sender<Vec<u8>>, last: Vec<u8> }
///
/// impl Transport for Channels {
///     async fn receive(&mut self) -> io::Result<Option<Frame<'_>>> {
///         let Some(message) = self.incoming.recv().await else { return Ok(None) };
///         self.last = message;
///         Ok(Some(Frame::Message(&self.last)))
///     }
///
///     async fn send(&mut self, message: Vec<u8>) -> io::Result<()> {
///         self.outgoing.send(message).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
///     }
///
///     async fn flush(&mut self) -> io::Result<()> {
///         Ok(())
///     }
/// }
/// ```
pub trait Transport: Send {
    /// Waits for the next message; `None`, every time, when the peer will send no more.
    ///
    /// # Cancellation
    ///
    /// It must be safe to drop the future and call again: no message may be lost or read twice.
    ///
    /// # Errors
    ///
    /// An error ends the connection. What a message says is never an error: that is for the server to judge.
    fn receive(&mut self) -> impl Future<Output = io::Result<Option<Frame<'_>>>> + Send;

    /// Whether [`receive`](Self::receive) may be ready without waiting. Replies to messages that are there already travel
    /// together, so a transport that knows that there are none saves looking for them.
    fn may_be_ready(&self) -> bool {
        true
    }

    /// Whether it is known that the peer sends no more, though messages of his may be left to receive. A transport that
    /// looks for the end while it waits to write can say so; then what is left to do has a limit.
    fn has_ended(&self) -> bool {
        false
    }

    /// Takes a message to be sent. It need not be on its way before [`flush`](Self::flush), so that messages which are
    /// ready together can travel together. Where too much waits, it waits too.
    ///
    /// # Errors
    ///
    /// An error ends the connection.
    fn send(&mut self, message: Vec<u8>) -> impl Future<Output = io::Result<()>> + Send;

    /// Sends whatever waits. It may be ready before, once, when the peer is found to send no more.
    ///
    /// # Cancellation
    ///
    /// It must be safe to drop the future and call again: the rest is sent then.
    ///
    /// # Errors
    ///
    /// An error ends the connection.
    fn flush(&mut self) -> impl Future<Output = io::Result<()>> + Send;
}

/// What arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A message, whatever it says.
    Message(&'a [u8]),
    /// A message that was longer than so many bytes, and was not kept.
    TooLong(usize),
}

/// What bounds a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The length of a message, in bytes.
    pub(crate) message: usize,
    /// Calls under way at once.
    pub(crate) in_flight: usize,
    /// The bytes of the messages whose calls are under way, in all.
    pub(crate) in_flight_bytes: usize,
    /// How long calls may take when the server is to end.
    pub(crate) drain: Duration,
    /// How long a function waits for a client's answer.
    pub(crate) answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: 4 << 20,
            in_flight: 16_384,
            in_flight_bytes: 64 << 20,
            drain: Duration::from_secs(2),
            answer: Duration::from_secs(300),
        }
    }
}
