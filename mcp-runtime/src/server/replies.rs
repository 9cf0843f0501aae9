//! The replies to one message: notices while it runs, then one response, then nothing.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use super::Shared;
use super::batch::Batch;
use super::listening::Listening;
use crate::changes::Listener;
use crate::kept::{EventId, Streams, Writer};
use crate::layer::StackFuture;
use crate::model::{Facts, Notice, Request, Response, Slot, Taken};
use crate::wire::{Answer, Back, Entry, InFlight, Voice};

/// One message to the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    kind: ReplyKind,
    status: u16,
    session: Option<String>,
    event: Option<EventId>,
    scopes: Vec<String>,
    retry_after: Option<u64>,
    body: Vec<u8>,
}

/// What a reply is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyKind {
    /// Said before the response.
    Notification,
    /// A question to the peer, who answers with a message of his own.
    Request,
    /// The last reply.
    Response,
    /// The message wants no reply; over HTTP there is a status all the same.
    Nothing,
}

impl Reply {
    pub(crate) fn response(status: u16, body: Vec<u8>) -> Self {
        Self {
            kind: ReplyKind::Response,
            status,
            session: None,
            event: None,
            scopes: Vec::new(),
            retry_after: None,
            body,
        }
    }

    pub(crate) fn notification(body: Vec<u8>) -> Self {
        Self {
            kind: ReplyKind::Notification,
            status: 200,
            session: None,
            event: None,
            scopes: Vec::new(),
            retry_after: None,
            body,
        }
    }

    pub(crate) fn request(body: Vec<u8>) -> Self {
        Self {
            kind: ReplyKind::Request,
            status: 200,
            session: None,
            event: None,
            scopes: Vec::new(),
            retry_after: None,
            body,
        }
    }

    pub(crate) fn nothing() -> Self {
        Self {
            kind: ReplyKind::Nothing,
            status: 200,
            session: None,
            event: None,
            scopes: Vec::new(),
            retry_after: None,
            body: Vec::new(),
        }
    }

    /// A notification was taken.
    pub(crate) fn accepted() -> Self {
        Self {
            kind: ReplyKind::Nothing,
            status: 202,
            session: None,
            event: None,
            scopes: Vec::new(),
            retry_after: None,
            body: Vec::new(),
        }
    }

    pub(crate) fn with_session(mut self, session: String) -> Self {
        self.session = Some(session);
        self
    }

    pub(crate) fn needing(mut self, scopes: Vec<String>) -> Self {
        self.scopes = scopes;
        self
    }

    pub(crate) fn named(mut self, event: EventId) -> Self {
        self.event = Some(event);
        self
    }

    pub(crate) fn retry_in(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// What it is.
    pub fn kind(&self) -> ReplyKind {
        self.kind
    }

    /// Whether no other reply follows.
    pub fn is_last(&self) -> bool {
        matches!(self.kind, ReplyKind::Response | ReplyKind::Nothing)
    }

    /// The JSON-RPC message, in one line; or, for a batch, the array of its responses.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The JSON-RPC message, in one line; or, for a batch, the array of its responses.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// The HTTP status that goes with it.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// In how many seconds a message that was refused may be sent again, for the HTTP header `Retry-After`.
    pub fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    /// The id of the server-sent event that carries it, in a session over HTTP. A client whose connection breaks comes back
    /// with the last one that it has read in the header `Last-Event-ID`; [`Server::listen`](crate::Server::listen) goes on
    /// after it.
    pub fn event_id(&self) -> Option<impl std::fmt::Display + Copy + use<>> {
        self.event
    }

    /// The scopes that its caller needed and has not all, where that is why he is refused, for the HTTP header
    /// `WWW-Authenticate`.
    pub fn required_scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The id of the session that began with it, for the HTTP header `Mcp-Session-Id`.
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }
}

/// The replies to one message, in the order in which they are to be sent.
///
/// Nothing runs before the first is asked for. Dropping it cancels what runs; no reply to a cancelled request ever comes.
#[derive(Debug)]
pub struct Replies(State);

enum State {
    Done(Option<Reply>),
    Running(Box<Run>),
    Listening(Box<Listening>),
    Batch(Box<Batch>),
}

/// Whether a call can be found by its id. One that is ready at once never need be.
enum Flight {
    /// It has not been polled.
    Waiting(Option<Arc<InFlight>>),
    /// It is under way; it is entered for as long as this is held.
    Entered { _entry: Option<Entry> },
}

struct Run {
    future: StackFuture,
    facts: Arc<Facts>,
    answer: Answer,
    shared: Arc<Shared>,
    survives_disconnect: bool,
    flight: Flight,
    /// What was asked, which is not to be asked for longer than the call.
    asked: Vec<Arc<Slot>>,
    /// The response, while notices that came before it are still to be sent.
    response: Option<Response>,
    /// The function has let go of the connection, and the client is to come back after so long.
    hang_up: Option<Duration>,
    /// Where what is said is kept for a client that comes back.
    kept: Option<Arc<Writer>>,
}

impl Run {
    fn let_go(&mut self) {
        if let Some(kept) = &self.kept
            && let Some(retry) = self.hang_up.take()
        {
            kept.hang_up(retry);
        }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done(reply) => f.debug_tuple("Done").field(reply).finish(),
            Self::Running(run) => f.debug_tuple("Running").field(&run.answer).finish(),
            Self::Listening(_) => f.debug_tuple("Listening").finish(),
            Self::Batch(batch) => batch.fmt(f),
        }
    }
}

impl Replies {
    pub(super) fn done(reply: Reply) -> Self {
        Self(State::Done(Some(reply)))
    }

    pub(super) fn batch(messages: impl IntoIterator<Item = Self>) -> Self {
        let mut batch = Batch::new(messages);
        match batch.calls() {
            // What is done already gives its reply without waiting for anything.
            0 => match batch.poll(&mut Context::from_waker(std::task::Waker::noop())) {
                Poll::Ready(reply) => Self(State::Done(reply)),
                Poll::Pending => Self(State::Batch(Box::new(batch))),
            },
            _ => Self(State::Batch(Box::new(batch))),
        }
    }

    pub(super) fn running(
        shared: Arc<Shared>,
        incoming: crate::wire::Incoming,
        start: impl FnOnce(&Shared, Request) -> StackFuture,
    ) -> Self {
        let crate::wire::Incoming { request, answer, in_flight, survives_disconnect } = incoming;
        let facts = request.facts.clone();
        let future = start(&shared, request);
        let run = Run {
            future,
            facts,
            answer,
            shared,
            survives_disconnect,
            flight: Flight::Waiting(in_flight),
            asked: Vec::new(),
            response: None,
            hang_up: None,
            kept: None,
        };
        Self(State::Running(Box::new(run)))
    }

    pub(super) fn listening(voice: Voice, listener: Arc<Listener>, shared: Arc<Shared>) -> Self {
        Self(State::Listening(Box::new(Listening::new(voice, listener, None, None, shared))))
    }

    /// Whether it is a stream of changes, which goes on until somebody ends it.
    pub fn is_listening(&self) -> bool {
        matches!(self.0, State::Listening(_))
    }

    /// Ends a stream of changes with its last message. A call is not ended: it has its result to give.
    pub fn wind_up(&mut self) {
        if let State::Listening(listening) = &mut self.0 {
            listening.wind_up();
        }
    }

    /// The next reply; `None` when there are no more.
    ///
    /// A [`ReplyKind::Nothing`] comes alone, where a message wants no reply.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost when the future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Reply> {
        std::future::poll_fn(|cx| self.poll_reply(cx)).await
    }

    /// Whether the call is to go on when the connection that it came by is gone. Then a transport keeps asking for
    /// replies, and throws them away.
    pub fn survives_disconnect(&self) -> bool {
        match &self.0 {
            State::Done(_) | State::Listening(_) => false,
            State::Running(run) => run.survives_disconnect,
            State::Batch(batch) => batch.survives_disconnect(),
        }
    }

    /// Refuses the message, because too much is under way, and gives the reply that says so.
    ///
    /// It is for transports that bound what runs at once. Asked before the first reply, nothing has been run, so the peer
    /// may send the message again.
    pub fn refuse_busy(self) -> Reply {
        match self.0 {
            State::Done(reply) => reply.unwrap_or_else(Reply::nothing),
            State::Running(run) => {
                let _ = run.facts.limited.set("in_flight");
                run.answer.busy()
            }
            State::Listening(_) => Reply::nothing(),
            State::Batch(batch) => batch.refuse_busy(),
        }
    }

    /// Whether nothing has to be run for the reply: there is one already, or none to come.
    pub fn is_done(&self) -> bool {
        matches!(self.0, State::Done(_))
    }

    /// How many calls have to be run for the reply: one, none if it [is done](Self::is_done), or those of a batch. A
    /// transport that bounds what runs at once counts so many.
    pub fn calls(&self) -> usize {
        match &self.0 {
            // What a session is told runs nothing.
            State::Done(_) | State::Listening(_) => 0,
            State::Running(_) => 1,
            State::Batch(batch) => batch.calls(),
        }
    }

    /// Like [`Replies::next`], for those who poll.
    pub fn poll_reply(&mut self, cx: &mut Context<'_>) -> Poll<Option<Reply>> {
        let run = match &mut self.0 {
            State::Done(reply) => return Poll::Ready(reply.take()),
            State::Batch(batch) => {
                let reply = std::task::ready!(batch.poll(cx));
                // A notice is never the last reply.
                if reply.as_ref().is_none_or(Reply::is_last) {
                    self.0 = State::Done(None);
                }
                return Poll::Ready(reply);
            }
            State::Running(run) => run,
            State::Listening(listening) => return listening.poll(cx),
        };
        // One that was under way may have been cancelled since, and must not run on.
        if matches!(run.flight, Flight::Entered { .. }) && run.facts.exchange.is_cancelled() {
            return self.cancelled();
        }
        if run.response.is_none() {
            // The function may say something while it is polled, so what it says is looked at afterwards.
            if let Poll::Ready(Ok(response)) = Pin::new(&mut run.future).poll(cx) {
                run.response = Some(response);
                run.facts.exchange.finish();
            }
        }
        // From its first wait on it can be found by its id, before anything is said of it.
        if run.response.is_none()
            && let Flight::Waiting(in_flight) = &mut run.flight
        {
            let entry = in_flight.take().map(|calls| calls.enter(&run.answer.id, &run.facts));
            if let Some(None) = entry {
                // Two messages with one id were handed in before either was polled.
                let refused = run.answer.id_in_use();
                self.0 = State::Done(None);
                return Poll::Ready(Some(refused));
            }
            run.flight = Flight::Entered { _entry: entry.flatten() };
        }
        // One that says nothing to this peer hides none behind it.
        loop {
            match run.facts.exchange.take(cx) {
                Taken::Notice(Notice::HangUp(retry)) => {
                    run.hang_up = Some(retry);
                    run.let_go();
                }
                Taken::Notice(notice) => {
                    if let Notice::Ask(slot) = &notice {
                        run.asked.push(slot.clone());
                    }
                    if let Some(reply) = run.answer.notice(&notice) {
                        return Poll::Ready(Some(reply));
                    }
                }
                Taken::Cancelled => return self.cancelled(),
                Taken::Nothing => break,
            }
        }
        let Some(response) = run.response.take() else { return Poll::Pending };
        if let Response::Listening(crate::model::Listening(listener)) = response {
            return self.listen(listener, cx);
        }
        let reply = run.answer.encode(response, &run.shared, &run.facts);
        self.0 = State::Done(None);
        Poll::Ready(Some(reply))
    }
}

#[cfg_attr(
    not(feature = "http"),
    allow(dead_code, reason = "only HTTP loses a connection and keeps its session")
)]
impl Replies {
    /// The streams of the session that the call belongs to, if it goes on without its connection.
    pub(crate) fn streams(&self) -> Option<Arc<Streams>> {
        match &self.0 {
            State::Done(_) | State::Listening(_) => None,
            State::Running(run) => match &run.answer.back {
                Back::Session(session) if run.survives_disconnect => Some(session.streams.clone()),
                _ => None,
            },
            State::Batch(batch) => batch.streams(),
        }
    }

    /// The name of the place before the first change that is told, for a client that comes back with it.
    pub(crate) fn beginning(&self) -> Option<EventId> {
        match &self.0 {
            State::Listening(listening) => listening.beginning(),
            _ => None,
        }
    }

    /// Says where the replies are kept, so that the function can let go of the connection.
    pub(crate) fn kept_by(&mut self, writer: &Arc<Writer>) {
        match &mut self.0 {
            State::Done(_) | State::Listening(_) => {}
            State::Running(run) => {
                run.kept = Some(writer.clone());
                run.let_go();
            }
            State::Batch(batch) => batch.kept_by(writer),
        }
    }
}

impl Replies {
    /// What a question of the call is named that was sent under this number.
    pub(crate) fn key(&self, number: u64) -> Option<&str> {
        let State::Running(run) = &self.0 else { return None };
        let slot = run.asked.iter().find(|slot| slot.number.get() == Some(&number))?;
        Some(&slot.key)
    }

    /// Ends a cancelled call. Nothing more is said of it, but what it asked is taken back.
    fn cancelled(&mut self) -> Poll<Option<Reply>> {
        if let State::Running(run) = &mut self.0 {
            while let Some(slot) = run.asked.pop() {
                if let Some(taken_back) = run.answer.withdraw(&slot) {
                    return Poll::Ready(Some(taken_back));
                }
            }
        }
        self.0 = State::Done(None);
        Poll::Ready(None)
    }

    /// Goes on as a stream of changes.
    fn listen(&mut self, listener: Arc<Listener>, cx: &mut Context<'_>) -> Poll<Option<Reply>> {
        let State::Running(mut run) = std::mem::replace(&mut self.0, State::Done(None)) else {
            return Poll::Ready(None);
        };
        let entry = match std::mem::replace(&mut run.flight, Flight::Waiting(None)) {
            Flight::Waiting(Some(calls)) => match calls.enter(&run.answer.id, &run.facts) {
                None => return Poll::Ready(Some(run.answer.id_in_use())),
                entry => entry,
            },
            Flight::Waiting(None) => None,
            Flight::Entered { _entry: entry } => entry,
        };
        let voice = run.answer.voice(&run.shared.identity);
        let mut listening =
            Listening::new(voice, listener, Some(run.facts.clone()), entry, run.shared.clone());
        let first = listening.poll(cx);
        self.0 = State::Listening(Box::new(listening));
        first
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        for slot in &self.asked {
            self.answer.withdraw(slot);
        }
        // Work that outlives its call, such as a function that blocks, is told that nobody waits for it.
        self.facts.exchange.abandon();
    }
}

impl Stream for Replies {
    type Item = Reply;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Reply>> {
        self.poll_reply(cx)
    }
}
