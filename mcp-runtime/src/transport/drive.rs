//! Serves one connection: reads messages, runs calls beside each other, writes their replies.
//!
//! A call that is ready at once is answered from here; one that is not goes on in a task of its own.

use std::future::pending;
use std::io;
use std::task::{Context, Poll, Waker};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Frame, Limits, Transport};
use crate::server::{Replies, Reply, ReplyKind, Server};
use crate::wire::{Peer, too_long};

/// So many replies of calls wait to be written before those calls wait.
const WAITING_REPLIES: usize = 256;

impl Server {
    /// Serves one connection until the peer ends it.
    ///
    /// When the peer sends no more, calls that are under way have as long as
    /// [`drain`](crate::ServerBuilder::drain) says; then they are cancelled.
    ///
    /// # Errors
    ///
    /// What the transport says when reading or writing fails. Nothing that a peer sends is an error.
    pub async fn serve(&self, transport: impl Transport) -> crate::Result<()> {
        self.serve_until(transport, Peer::connection(), pending()).await
    }

    /// Serves one connection with a peer of whom something is known, until he ends it or `shutdown` is ready.
    ///
    /// # Errors
    ///
    /// As [`Server::serve`].
    pub async fn serve_until(
        &self,
        mut transport: impl Transport,
        peer: Peer,
        shutdown: impl Future<Output = ()> + Send,
    ) -> crate::Result<()> {
        let limits = self.shared.limits;
        let (reply_sender, replies) = mpsc::channel(WAITING_REPLIES);
        let mut connection = Connection {
            server: self,
            peer: &peer,
            limits,
            reply_sender,
            replies,
            calls: JoinSet::new(),
            load: Load::default(),
            session: None,
            spawned: false,
            draining: false,
            ending: CancellationToken::new(),
        };
        let ended = tokio::select! {
            biased;
            ended = connection.run(&mut transport) => ended,
            () = shutdown => Ok(()),
        };
        let until = Instant::now() + limits.drain;
        let drained = match ended {
            Err(Stop::Failed(error)) => Err(error),
            ended => connection.drain(&mut transport, ended.is_err(), until).await,
        };
        peer.disconnect();
        Ok(drained?)
    }
}

struct Connection<'a> {
    server: &'a Server,
    peer: &'a Peer,
    limits: Limits,
    reply_sender: mpsc::Sender<Reply>,
    replies: mpsc::Receiver<Reply>,
    /// Messages whose calls were not ready at once.
    calls: JoinSet<Load>,
    /// What they amount to.
    load: Load,
    /// What the server says on its own in the peer's session.
    session: Option<Replies>,
    /// Whether replies of calls may be waiting.
    spawned: bool,
    /// Whether the end has come, and with it a limit on all that is left.
    draining: bool,
    /// Ends streams of changes, which would not end by themselves.
    ending: CancellationToken,
}

impl Connection<'_> {
    /// Reads and writes until there is no more to read.
    async fn run(&mut self, transport: &mut impl Transport) -> Result<(), Stop> {
        loop {
            if self.spawned {
                self.forget_ended();
                // What ended has sent its replies before, so after this nothing of it is left.
                self.spawned = !self.calls.is_empty();
                if self.send_what_is_ready(transport).await? {
                    self.flush(transport).await?;
                }
            }
            tokio::select! {
                biased;
                Some(reply) = self.replies.recv(), if self.spawned => {
                    self.send(transport, reply).await?;
                    self.send_what_is_ready(transport).await?;
                    self.flush(transport).await?;
                }
                frame = transport.receive() => {
                    let Some(reply) = self.begin(frame?) else { return Ok(()) };
                    if let Some(reply) = reply {
                        self.send(transport, reply).await?;
                        self.answer_what_is_there(transport).await?;
                        self.flush(transport).await?;
                    }
                }
                // What has changed can wait until the peer has nothing more to say: several changes are one then.
                told = told(&mut self.session), if self.session.is_some() => match told {
                    Some(reply) => {
                        self.send(transport, reply).await?;
                        self.flush(transport).await?;
                    }
                    None => self.session = None,
                },
            }
        }
    }

    /// Whether one more call may begin. At the limit messages are read on: among them are the answers and cancellations that
    /// make room.
    fn has_room(&self) -> bool {
        self.load.calls < self.limits.in_flight && self.load.bytes < self.limits.in_flight_bytes
    }

    /// Forgets calls that have ended. Their replies are all in the channel by then.
    fn forget_ended(&mut self) {
        while let Some(ended) = self.calls.try_join_next() {
            self.load -= ended.unwrap_or_default();
        }
        if self.calls.is_empty() {
            // Calls that panicked outside of a handler cannot say how much they were.
            self.load = Load::default();
        }
    }

    /// Whether there was anything.
    async fn send_what_is_ready(&mut self, transport: &mut impl Transport) -> Result<bool, Stop> {
        let mut any = false;
        while let Ok(reply) = self.replies.try_recv() {
            self.send(transport, reply).await?;
            any = true;
        }
        Ok(any)
    }

    /// Answers the messages that have arrived already, so that their replies travel together.
    async fn answer_what_is_there(&mut self, transport: &mut impl Transport) -> Result<(), Stop> {
        for _ in 0..WAITING_REPLIES {
            if !transport.may_be_ready() {
                return Ok(());
            }
            let frame = {
                let mut receive = std::pin::pin!(transport.receive());
                match receive.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(Ok(Some(frame))) => self.begin(Some(frame)).flatten(),
                    // The end, and what went wrong, will be there when it is asked for again.
                    _ => return Ok(()),
                }
            };
            if let Some(reply) = frame {
                self.send(transport, reply).await?;
            }
        }
        Ok(())
    }

    /// Takes a message: gives its reply if that is there at once. `None` at the end of the connection.
    fn begin(&mut self, frame: Option<Frame<'_>>) -> Option<Option<Reply>> {
        let (mut replies, bytes) = match frame? {
            Frame::Message(message) if message.len() > self.limits.message => {
                return Some(sent(too_long(self.limits.message, self.peer)));
            }
            Frame::Message(message) => (self.server.handle(message, self.peer), message.len()),
            Frame::TooLong(limit) => return Some(sent(too_long(limit, self.peer))),
        };
        let load = Load { bytes, calls: replies.calls() };
        if load.calls > 0 && !self.has_room() {
            self.forget_ended();
            if !self.has_room() {
                return Some(sent(replies.refuse_busy()));
            }
        }
        if load.calls == 0 && replies.is_listening() {
            self.session = Some(replies);
            return Some(None);
        }
        // A notice before the response means that the call takes its time.
        match replies.poll_reply(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(reply)) if reply.is_last() => return Some(sent(reply)),
            Poll::Ready(None) => return Some(None),
            Poll::Ready(Some(notice)) => self.spawn(replies, load, Some(notice)),
            Poll::Pending => self.spawn(replies, load, None),
        }
        Some(None)
    }

    fn spawn(&mut self, mut replies: Replies, load: Load, notice: Option<Reply>) {
        let sender = self.reply_sender.clone();
        let ending = replies.is_listening().then(|| self.ending.clone());
        self.load.bytes += load.bytes;
        self.load.calls += load.calls;
        self.spawned = true;
        self.calls.spawn(async move {
            let mut next = notice;
            if next.is_none() {
                next = following(&mut replies, ending.as_ref()).await;
            }
            while let Some(reply) = next {
                if reply.kind() != ReplyKind::Nothing && sender.send(reply).await.is_err() {
                    break;
                }
                next = following(&mut replies, ending.as_ref()).await;
            }
            load
        });
    }

    async fn send(&mut self, transport: &mut impl Transport, reply: Reply) -> Result<(), Stop> {
        transport.send(reply.into_body()).await?;
        self.notice_the_end(transport)
    }

    async fn flush(&mut self, transport: &mut impl Transport) -> Result<(), Stop> {
        transport.flush().await?;
        self.notice_the_end(transport)
    }

    /// A peer that has ended his side while he reads nothing must not keep us: from here on there is a limit.
    fn notice_the_end(&self, transport: &impl Transport) -> Result<(), Stop> {
        if !self.draining && transport.has_ended() { Err(Stop::Ended) } else { Ok(()) }
    }

    /// Answers what has been received, if `rest` says that there is some, and writes what becomes ready in time.
    async fn drain(mut self, transport: &mut impl Transport, rest: bool, until: Instant) -> io::Result<()> {
        self.draining = true;
        self.ending.cancel();
        self.session = None;
        let all = async {
            if rest {
                self.run(transport).await?;
            }
            while !self.calls.is_empty() {
                self.send_what_is_ready(transport).await?;
                self.flush(transport).await?;
                tokio::select! {
                    biased;
                    Some(reply) = self.replies.recv() => self.send(transport, reply).await?,
                    _ = self.calls.join_next() => {}
                }
            }
            self.send_what_is_ready(transport).await?;
            self.flush(transport).await
        };
        match timeout_at(until, all).await {
            Ok(Ok(()) | Err(Stop::Ended)) => Ok(()),
            Ok(Err(Stop::Failed(error))) => Err(error),
            Err(_) => {
                tracing::warn!("calls that took too long were cancelled at the end");
                Ok(())
            }
        }
    }
}

/// What a session is told next.
async fn told(session: &mut Option<Replies>) -> Option<Reply> {
    match session {
        Some(session) => session.next().await,
        None => None,
    }
}

/// The next reply. A stream of changes is ended when the connection is.
async fn following(replies: &mut Replies, ending: Option<&CancellationToken>) -> Option<Reply> {
    let Some(ending) = ending else { return replies.next().await };
    if !ending.is_cancelled() {
        tokio::select! {
            biased;
            reply = replies.next() => return reply,
            () = ending.cancelled() => {}
        }
    }
    replies.wind_up();
    replies.next().await
}

/// What a message, or all of them, keep busy.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    /// The lengths of the messages.
    bytes: usize,
    /// More than one for a batch.
    calls: usize,
}

impl std::ops::SubAssign for Load {
    fn sub_assign(&mut self, ended: Self) {
        self.bytes -= ended.bytes;
        self.calls -= ended.calls;
    }
}

/// Why a connection is not served on.
enum Stop {
    /// The peer sends no more; what has been received may not all be answered.
    Ended,
    Failed(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// A reply that is to be sent, if it is one.
fn sent(reply: Reply) -> Option<Reply> {
    (reply.kind() != ReplyKind::Nothing).then_some(reply)
}
