//! Files and terminals know no readiness: they are read and written by threads of their own.
//!
//! Threads of tokio's pool would not do, because a process does not end while one of those waits for input.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::thread;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{mpsc, oneshot};

const CHUNK: usize = 16 << 10;

/// Reads in a thread.
pub(super) struct Reader {
    chunks: mpsc::Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    given: usize,
}

impl Reader {
    pub(super) fn new(mut source: impl Read + Send + 'static) -> io::Result<Self> {
        let (sender, chunks) = mpsc::channel(1);
        thread::Builder::new().name("mcp-stdin".into()).spawn(move || {
            loop {
                let mut chunk = vec![0; CHUNK];
                let read = match source.read(&mut chunk) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    read => read,
                };
                let over = !matches!(read, Ok(1..));
                let read = read.map(|length| {
                    chunk.truncate(length);
                    chunk
                });
                if sender.blocking_send(read).is_err() || over {
                    return;
                }
            }
        })?;
        Ok(Self { chunks, chunk: Vec::new(), given: 0 })
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.given == self.chunk.len() {
            match ready!(self.chunks.poll_recv(cx)) {
                Some(chunk) => self.chunk = chunk?,
                None => self.chunk = Vec::new(),
            }
            self.given = 0;
        }
        let rest = self.chunk.get(self.given..).unwrap_or_default();
        let part = rest.get(..buffer.remaining().min(rest.len())).unwrap_or_default();
        buffer.put_slice(part);
        let given = part.len();
        self.given += given;
        Poll::Ready(Ok(()))
    }
}

/// Writes in a thread, one piece at a time.
pub(super) struct Writer {
    pieces: std::sync::mpsc::Sender<(Vec<u8>, oneshot::Sender<io::Result<()>>)>,
    writing: Option<oneshot::Receiver<io::Result<()>>>,
}

impl Writer {
    pub(super) fn new(mut sink: impl Write + Send + 'static) -> io::Result<Self> {
        let (pieces, received) = std::sync::mpsc::channel::<(Vec<u8>, oneshot::Sender<io::Result<()>>)>();
        thread::Builder::new().name("mcp-stdout".into()).spawn(move || {
            for (piece, done) in received {
                let _ = done.send(sink.write_all(&piece).and_then(|()| sink.flush()));
            }
        })?;
        Ok(Self { pieces, writing: None })
    }

    /// Waits for the piece that is being written.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(writing) = &mut self.writing else { return Poll::Ready(Ok(())) };
        let written = ready!(Pin::new(writing).poll(cx));
        self.writing = None;
        Poll::Ready(written.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into())))
    }
}

impl AsyncWrite for Writer {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_idle(cx))?;
        let (done, writing) = oneshot::channel();
        if self.pieces.send((bytes.to_vec(), done)).is_err() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        self.writing = Some(writing);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_idle(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}
