//! One message a line, over anything that reads and writes bytes: the framing of the stdio transport, which the
//! specification recommends for sockets too.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadHalf, WriteHalf};

use super::{Frame, Limits, Transport};

/// One message a line, over a reader and a writer.
///
/// ```no_run
/// # async fn serve(server: mcp::Server, stream: tokio::net::TcpStream) -> mcp::Result<()> {
/// use mcp::transport::Lines;
/// server.serve(Lines::stream(stream)).await
/// # }
/// ```
#[derive(Debug)]
pub struct Lines<R, W> {
    reader: R,
    writer: W,
    limit: usize,
    incoming: Incoming,
    outgoing: Vec<u8>,
    /// So many bytes of `outgoing` are written.
    written: usize,
}

#[derive(Debug, Default)]
struct Incoming {
    buffer: Vec<u8>,
    /// Where the first line that was not given out begins.
    start: usize,
    /// Up to here there is no end of a line.
    searched: usize,
    /// The line that has begun is too long and is thrown away up to its end.
    discarding: bool,
    ended: bool,
}

/// So much is read at once.
const CHUNK: usize = 16 << 10;
/// When so much waits to be written, sending waits.
const WAITING: usize = 256 << 10;

impl<S: AsyncRead + AsyncWrite> Lines<ReadHalf<S>, WriteHalf<S>> {
    /// Lines both ways over one stream, such as a socket.
    pub fn stream(stream: S) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self::new(reader, writer)
    }
}

impl<R, W> Lines<R, W> {
    /// Lines from a reader, and lines to a writer.
    pub fn new(reader: R, writer: W) -> Self {
        let limit = Limits::default().message;
        Self { reader, writer, limit, incoming: Incoming::default(), outgoing: Vec::new(), written: 0 }
    }

    /// How long a line may be, in bytes: 4 MiB by default.
    #[must_use]
    pub fn max_line(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }
}

/// A line that is there: its place in the buffer, or that it was too long.
enum Line {
    Whole(usize, usize),
    TooLong,
}

impl Incoming {
    /// The next line that is whole; white space alone is no line.
    fn line(&mut self, limit: usize) -> Option<Line> {
        loop {
            let rest = self.buffer.get(self.searched..).unwrap_or_default();
            let found = memchr::memchr(b'\n', rest).map(|at| self.searched + at);
            let end = match found {
                Some(end) => end,
                None if self.ended && self.start < self.buffer.len() => self.buffer.len(),
                None => {
                    self.searched = self.buffer.len();
                    if self.discarding || self.buffer.len() - self.start > limit {
                        self.discarding = true;
                        self.buffer.clear();
                        (self.start, self.searched) = (0, 0);
                    }
                    return None;
                }
            };
            let start = self.start;
            self.start = (end + 1).min(self.buffer.len());
            self.searched = self.start;
            if std::mem::take(&mut self.discarding) || end - start > limit {
                return Some(Line::TooLong);
            }
            let line = self.buffer.get(start..end).unwrap_or_default();
            if !line.trim_ascii().is_empty() {
                return Some(Line::Whole(start, end));
            }
        }
    }

    /// Makes room for more, and gives back what one long line took.
    fn make_room(&mut self) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.searched -= self.start;
            self.start = 0;
        }
        if self.buffer.capacity() > 4 * CHUNK && self.buffer.len() < CHUNK {
            self.buffer.shrink_to(CHUNK);
        }
        self.buffer.reserve(CHUNK);
    }
}

impl<R: AsyncRead + Unpin + Send, W: AsyncWrite + Unpin + Send> Transport for Lines<R, W> {
    async fn receive(&mut self) -> io::Result<Option<Frame<'_>>> {
        loop {
            match self.incoming.line(self.limit) {
                Some(Line::Whole(start, end)) => {
                    return Ok(Some(Frame::Message(
                        self.incoming.buffer.get(start..end).unwrap_or_default(),
                    )));
                }
                Some(Line::TooLong) => return Ok(Some(Frame::TooLong(self.limit))),
                None if !self.incoming.ended => {}
                None if std::mem::take(&mut self.incoming.discarding) => {
                    return Ok(Some(Frame::TooLong(self.limit)));
                }
                None => return Ok(None),
            }
            self.incoming.make_room();
            if self.reader.read_buf(&mut self.incoming.buffer).await? == 0 {
                self.incoming.ended = true;
            }
        }
    }

    fn may_be_ready(&self) -> bool {
        let unread = self.incoming.buffer.get(self.incoming.start..).unwrap_or_default();
        self.incoming.ended || memchr::memchr(b'\n', unread).is_some()
    }

    fn has_ended(&self) -> bool {
        self.incoming.ended
    }

    async fn send(&mut self, message: Vec<u8>) -> io::Result<()> {
        if self.outgoing.is_empty() {
            self.outgoing = message;
        } else {
            self.outgoing.extend_from_slice(&message);
        }
        self.outgoing.push(b'\n');
        if self.outgoing.len() - self.written > WAITING { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| self.poll_flush(cx)).await
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Lines<R, W> {
    /// Writes what waits. A peer that reads nothing may still end his side; then this is ready, so that whoever serves
    /// him can begin to end too, and what is left is written by the next flush, if there is time.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let rest = self.outgoing.get(self.written..).unwrap_or_default();
            let blocked = if rest.is_empty() {
                let flushed = Pin::new(&mut self.writer).poll_flush(cx);
                if flushed.is_ready() {
                    self.outgoing.clear();
                    self.outgoing.shrink_to(CHUNK);
                    self.written = 0;
                    return flushed;
                }
                true
            } else {
                match Pin::new(&mut self.writer).poll_write(cx, rest) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Poll::Ready(written) => {
                        self.written += written?;
                        false
                    }
                    Poll::Pending => true,
                }
            };
            if !blocked {
                continue;
            }
            if self.incoming.ended || self.incoming.buffer.len() > self.limit {
                return Poll::Pending;
            }
            self.incoming.make_room();
            let read = std::pin::pin!(self.reader.read_buf(&mut self.incoming.buffer)).poll(cx);
            match read {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0) | Err(_)) => {
                    self.incoming.ended = true;
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}
