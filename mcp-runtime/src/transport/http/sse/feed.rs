//! What a stream says: where to send messages, then every message of the connection, and comments while there is none.
//!
//! The connection is served by whoever reads the stream. A client that goes away takes it along, and one that reads slowly
//! holds up nothing but itself.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};

use super::super::events::{COMMENT, KEEP_ALIVE, event};
use super::streams::{Place, Posted};
use crate::transport::{Frame, Transport};

/// So many messages wait at most to be written.
const WAITING: usize = 16;

/// The body of an open stream.
pub(in super::super) struct Feed {
    endpoint: Option<Bytes>,
    /// Serves the connection until it is over.
    serving: Option<Serving>,
    outgoing: mpsc::Receiver<Vec<u8>>,
    quiet: Pin<Box<Sleep>>,
    _place: Place,
}

type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}

impl Feed {
    /// A stream that tells its client to send messages to `endpoint`, and what serves them.
    pub(super) fn new<F: Future<Output = ()> + Send + 'static>(
        place: Place,
        inbox: mpsc::Receiver<Posted>,
        endpoint: &str,
        serve: impl FnOnce(Link) -> F,
    ) -> Self {
        let (sender, outgoing) = mpsc::channel(WAITING);
        Self {
            endpoint: Some(format!("event: endpoint\ndata: {endpoint}\n\n").into()),
            serving: Some(Box::pin(serve(Link { inbox, outgoing: sender, received: Bytes::new() }))),
            outgoing,
            quiet: Box::pin(tokio::time::sleep(KEEP_ALIVE)),
            _place: place,
        }
    }

    /// The next event, ready to be sent.
    pub(in super::super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(endpoint) = self.endpoint.take() {
            return Poll::Ready(Some(endpoint));
        }
        if let Some(serving) = &mut self.serving
            && serving.as_mut().poll(cx).is_ready()
        {
            // With it goes the sender, so what it has sent is all there is.
            self.serving = None;
        }
        match self.outgoing.poll_recv(cx) {
            Poll::Ready(Some(message)) => {
                self.quiet.as_mut().reset(Instant::now() + KEEP_ALIVE);
                Poll::Ready(Some(event(None::<&str>, &message)))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                if self.quiet.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.quiet.as_mut().reset(Instant::now() + KEEP_ALIVE);
                // The new time is to be waited for too.
                cx.waker().wake_by_ref();
                Poll::Ready(Some(Bytes::from_static(COMMENT)))
            }
        }
    }
}

/// A stream, and what is posted to it, as a connection.
pub(super) struct Link {
    inbox: mpsc::Receiver<Posted>,
    outgoing: mpsc::Sender<Vec<u8>>,
    received: Bytes,
}

impl Transport for Link {
    async fn receive(&mut self) -> io::Result<Option<Frame<'_>>> {
        let Some(Posted { message, .. }) = self.inbox.recv().await else { return Ok(None) };
        self.received = message;
        Ok(Some(Frame::Message(&self.received)))
    }

    fn may_be_ready(&self) -> bool {
        !self.inbox.is_empty()
    }

    async fn send(&mut self, message: Vec<u8>) -> io::Result<()> {
        self.outgoing.send(message).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
