//! One HTTP request: who it comes from, what it asks, and how it is answered.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Challenge;
use super::accept::{Accept, is_json};
use super::body::Body;
use super::events::Events;
use super::exposure::Reach;
use super::guard;
use super::places::{Place, Places};
use super::remote::Door;
use super::settings::Settings;
use crate::dialect::Dialect;
use crate::kept::{Reader, Said, Streams};
use crate::model::Principal;
use crate::server::{Replies, Reply, ReplyKind, Server};
use crate::wire::{Peer, forget, meet, remember, resume, resume_elsewhere};

/// The scopes that a refused caller needs: on the way from the reply to the challenge.
#[derive(Debug, Clone)]
struct Needed(Vec<String>);

static SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
/// The body of a request must be there after so long.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// A call whose client reads events, and comes back for them, is answered with events when it has taken so long, though it
/// has nothing to say yet: from then on its client can come back. One that is done before is answered with one message.
const BEGIN_AFTER: Duration = Duration::from_secs(1);

const NO_EVENTS: &str = "header accept must allow text/event-stream";

/// A server as a `tower::Service` of HTTP requests, to be nested in a router or served by hyper.
///
/// ```no_run
/// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
/// let mcp = mcp::server!().build()?.http_service();
/// let router: axum::Router = axum::Router::new().nest_service("/mcp", mcp);
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// axum::serve(listener, router).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct HttpService {
    pub(super) server: Server,
    pub(super) settings: Arc<Settings>,
    pub(super) door: Door,
    /// Places for calls that are not ready at once.
    places: Places,
    ending: CancellationToken,
    stop: CancellationToken,
}

impl Server {
    /// This server as a `tower::Service` of HTTP requests.
    ///
    /// It answers at whatever path it is given; where the last segment is the name of a [`Dialect`], tools are listed in that
    /// one. It checks `Host` and `Origin` as its
    /// [`Exposure`](super::Exposure) says. Where it listens is not known to it: binding a loopback address is up to whoever
    /// serves it.
    pub fn http_service(&self) -> HttpService {
        let settings = Settings::of(&self.shared);
        let places = Places::new(self.shared.limits.in_flight, settings.exposure.is_public());
        HttpService {
            server: self.clone(),
            settings,
            door: Door::default(),
            places,
            ending: CancellationToken::new(),
            stop: CancellationToken::new(),
        }
    }
}

impl<B> tower_service::Service<Request<B>> for HttpService
where
    B: http_body::Body<Data = Bytes, Error: std::fmt::Display> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request).await) })
    }
}

impl HttpService {
    /// The door by which its requests come.
    pub(super) fn at(mut self, door: Door) -> Self {
        self.door = door;
        self
    }

    pub(super) async fn answer<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes, Error: std::fmt::Display> + Send,
    {
        let (mut parts, body) = request.into_parts();
        // Whoever has no token yet has to find out where to get one.
        if let Some(protected) = self.settings.exposure.protected()
            && protected.is_at(parts.uri.path())
        {
            return protected.answer(&parts.method);
        }
        let principal = match admit(&self.settings, self.door, &mut parts).await {
            Ok(principal) => principal,
            Err(refusal) => {
                self.server.shared.sight.turned_away(refusal.status().as_u16());
                return refusal;
            }
        };
        let mut response = match parts.method {
            Method::POST => self.post(parts, body, principal).await,
            Method::GET => self.listen(parts, principal).await,
            Method::DELETE => self.end_session(parts, principal).await,
            _ => refuse(StatusCode::METHOD_NOT_ALLOWED, "messages are sent with POST"),
        };
        if let Some(Needed(scopes)) = response.extensions_mut().remove()
            && let Some(protected) = self.settings.exposure.protected()
        {
            protected.insufficient_scope(&scopes).challenge(&mut response);
        }
        response
    }

    /// What the server says on its own in a session, for as long as the client reads.
    async fn listen(&self, parts: Parts, principal: Principal) -> Response<Body> {
        if !Accept::of(&parts.headers).events {
            return refuse(StatusCode::NOT_ACCEPTABLE, NO_EVENTS);
        }
        let until = principal.until();
        let caller = self.places.caller(&principal, self.door.remote(&parts));
        let peer = self.peer(parts, principal);
        if let Err(refusal) = meet(&self.server.shared, &peer).await {
            return respond(refusal);
        }
        match resume(&self.server.shared, &peer) {
            // Its call has the place.
            Some(Ok(reader)) => return stream_of(None, Body::events(Events::resumed(reader))),
            Some(Err(refusal)) => {
                return match resume_elsewhere(&self.server.shared, &peer).await {
                    Some(reader) => stream_of(None, Body::events(Events::resumed(reader))),
                    None => respond(refusal),
                };
            }
            None => {}
        }
        let mut replies = self.server.listen(&peer);
        if !replies.is_listening() {
            return match replies.poll_reply(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Some(reply)) => respond(reply),
                _ => respond(Reply::nothing()),
            };
        }
        let Some(place) = self.places.take(caller, 1) else {
            return refuse(StatusCode::SERVICE_UNAVAILABLE, "too many calls are under way: try again later");
        };
        stream_of(None, Body::events(Events::of_changes(replies, place, self.ending.clone(), until)))
    }

    async fn end_session(&self, parts: Parts, principal: Principal) -> Response<Body> {
        let (server, peer) = (&self.server.shared, self.peer(parts, principal));
        if let Err(refusal) = meet(server, &peer).await {
            return respond(refusal);
        }
        let reply = self.server.end_session(&peer);
        if reply.kind() == ReplyKind::Nothing {
            forget(server, &peer).await;
        }
        respond(reply)
    }

    fn peer(&self, parts: Parts, principal: Principal) -> Peer {
        let address = self.door.remote(&parts);
        let peer = Peer::http(parts.headers).principal(principal).remote(address);
        if self.settings.exposure.is_public() { peer.public() } else { peer }
    }

    async fn post<B>(&self, parts: Parts, body: B, principal: Principal) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes, Error: std::fmt::Display> + Send,
    {
        let accept = Accept::of(&parts.headers);
        if let Some(refusal) = without_message(&parts.headers) {
            return refusal;
        }
        if !accept.json && !accept.events {
            let problem = "header accept must allow application/json or text/event-stream";
            return refuse(StatusCode::NOT_ACCEPTABLE, problem);
        }
        let message = match read_in_time(body, self.server.shared.limits.message).await {
            Ok(message) => message,
            Err(refusal) => return refusal,
        };
        let dialect = parts.uri.path().rsplit('/').next().and_then(Dialect::named);
        let until = principal.until();
        let caller = self.places.caller(&principal, self.door.remote(&parts));
        let peer = self.peer(parts, principal);
        let peer = dialect.into_iter().fold(peer, Peer::dialect);
        if let Err(refusal) = meet(&self.server.shared, &peer).await {
            return respond(refusal);
        }
        let mut replies = self.server.handle(&message, &peer);
        drop(message);
        // A place is taken for each call before anything runs, so that what is refused can be sent again.
        let place = match replies.calls() {
            0 => None,
            calls => match self.places.take(caller, calls) {
                Some(place) => Some(place),
                None => return respond(replies.refuse_busy()),
            },
        };
        let first = replies.poll_reply(&mut Context::from_waker(Waker::noop()));
        let first = match first {
            Poll::Ready(Some(reply)) => Poll::Ready(Some(remember(&self.server.shared, &peer, reply).await)),
            other => other,
        };
        let first = match first {
            Poll::Ready(Some(reply)) if reply.is_last() && accept.json => {
                return respond(reply);
            }
            Poll::Ready(Some(reply)) if reply.kind() == ReplyKind::Nothing => return respond(reply),
            Poll::Ready(reply) => reply,
            Poll::Pending => None,
        };
        if replies.is_listening() && !accept.events {
            return refuse(StatusCode::NOT_ACCEPTABLE, NO_EVENTS);
        }
        match replies.streams() {
            Some(streams) => {
                kept(self.go_on_alone(first, replies, &streams, accept, place, peer), accept).await
            }
            None => self.stream(first, replies, accept, place, until).await,
        }
    }

    /// Answers with JSON if the response comes before anything else, and with events otherwise. The call ends with them.
    async fn stream(
        &self,
        first: Option<Reply>,
        mut replies: Replies,
        accept: Accept,
        place: Option<Place>,
        until: Option<Instant>,
    ) -> Response<Body> {
        let mut next = first;
        loop {
            if next.is_none() {
                next = replies.next().await;
            }
            match next.take() {
                // The call was cancelled, and nothing may be said of it any more.
                None => return stream_of(None, Body::whole(Bytes::new())),
                Some(reply) if !reply.is_last() && !accept.events => {}
                Some(reply) if comes_alone(&reply, accept) => return respond(reply),
                Some(reply) => {
                    let session = reply.session().map(str::to_owned);
                    let events = Events::of_call(&reply, replies, place, self.ending.clone(), until);
                    return stream_of(session, Body::events(events));
                }
            }
        }
    }

    /// Runs a call in a task of its own, whether or not anybody reads what is kept of it.
    fn go_on_alone(
        &self,
        first: Option<Reply>,
        mut replies: Replies,
        streams: &Arc<Streams>,
        accept: Accept,
        place: Option<Place>,
        peer: Peer,
    ) -> Reader {
        let (writer, reader) = streams.open(accept.events);
        first.into_iter().for_each(|reply| writer.say(reply));
        replies.kept_by(&writer);
        let (stop, server) = (self.stop.clone(), self.server.shared.clone());
        tokio::spawn(async move {
            let all = async {
                while let Some(reply) = replies.next().await {
                    writer.say(remember(&server, &peer, reply).await);
                    // One that has always something to say leaves time to the others.
                    tokio::task::coop::consume_budget().await;
                }
            };
            tokio::select! {
                () = all => {}
                () = stop.cancelled() => {}
            }
            drop(replies);
            drop(writer);
            drop(place);
        });
        reader
    }

    /// Ends streams of changes, which would not end by themselves.
    pub(super) fn wind_up(&self) {
        self.ending.cancel();
    }

    /// Cancels calls that go on without their connection.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    /// Ready when no call is under way any more.
    pub(super) async fn idle(&self) {
        self.places.idle().await;
    }
}

/// Answers with JSON if the response comes before anything else, and with events otherwise. The call goes on without them.
async fn kept(mut reader: Reader, accept: Accept) -> Response<Body> {
    let polls = reader.polls();
    loop {
        let next = match polls {
            true => tokio::time::timeout(BEGIN_AFTER, reader.next()).await,
            false => Ok(reader.next().await),
        };
        match next {
            Ok(None) => return stream_of(None, Body::whole(Bytes::new())),
            Ok(Some(Said::Message(reply))) if comes_alone(&reply, accept) => {
                // With its reader goes what is kept, so that nobody else has the reply.
                drop(reader);
                return respond(Arc::unwrap_or_clone(reply));
            }
            Ok(Some(_)) if !accept.events => {}
            Ok(Some(_)) | Err(_) => return stream_of(None, Body::events(Events::begun(reader))),
        }
    }
}

/// Whether a reply is the whole answer, and a message rather than an event.
fn comes_alone(reply: &Reply, accept: Accept) -> bool {
    // An error may need a status of its own, which a stream cannot have.
    reply.kind() == ReplyKind::Response && (accept.json || reply.status() != 200)
}

/// Who sent a request, if it may come in. From here on its credentials are out of reach.
pub(super) async fn admit(
    settings: &Settings,
    door: Door,
    parts: &mut Parts,
) -> Result<Principal, Response<Body>> {
    if settings.exposure.is_public() || settings.exposure.proxies.is_some() {
        door.tell(parts);
    }
    let forwarded = settings.exposure.proxies.as_ref().and_then(|proxies| proxies.resolve(parts));
    guard::check(&settings.exposure, door.port, forwarded.as_deref(), parts)
        .map_err(|(status, problem)| refuse(status, &problem))?;
    let principal = match &settings.exposure.reach {
        Reach::Loopback => Principal::anonymous(),
        Reach::Public { authentication, .. } => {
            authentication.principal(parts).await.map_err(Challenge::into_response)?
        }
    };
    conceal(&mut parts.headers, settings.exposure.credentials());
    Ok(principal)
}

/// The refusal of a request whose body is not said to be a message.
pub(super) fn without_message(headers: &HeaderMap) -> Option<Response<Body>> {
    let problem = if !is_json(headers) {
        "header content-type must be application/json"
    } else if headers.contains_key(header::CONTENT_ENCODING) {
        "an encoded body is not accepted"
    } else {
        return None;
    };
    Some(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem))
}

/// Reads a body that is not longer than `limit` and does not take too long.
pub(super) async fn read_in_time<B>(body: B, limit: usize) -> Result<Bytes, Response<Body>>
where
    B: http_body::Body<Data = Bytes, Error: std::fmt::Display>,
{
    match tokio::time::timeout(BODY_TIMEOUT, read(body, limit)).await {
        Ok(read) => read,
        Err(_) => Err(refuse(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    }
}

/// Reads a body that is not longer than `limit`.
async fn read<B>(body: B, limit: usize) -> Result<Bytes, Response<Body>>
where
    B: http_body::Body<Data = Bytes, Error: std::fmt::Display>,
{
    let too_long =
        || refuse(StatusCode::PAYLOAD_TOO_LARGE, &format!("the body is longer than {limit} bytes"));
    if body.size_hint().lower() > limit as u64 {
        return Err(too_long());
    }
    let mut body = std::pin::pin!(body);
    let mut whole = Bytes::new();
    let mut joined: Vec<u8> = Vec::new();
    while let Some(frame) = body.as_mut().frame().await {
        let frame = frame
            .map_err(|error| refuse(StatusCode::BAD_REQUEST, &format!("the body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + joined.len() + data.len() > limit {
            return Err(too_long());
        }
        // Most bodies come in one piece, which is not copied.
        if whole.is_empty() && joined.is_empty() {
            whole = data;
        } else {
            joined.extend_from_slice(&std::mem::take(&mut whole));
            joined.extend_from_slice(&data);
        }
    }
    Ok(if joined.is_empty() { whole } else { joined.into() })
}

/// Keeps secrets out of logs; and credentials, once they have told who it is, out of everybody's reach.
fn conceal(headers: &mut HeaderMap, credentials: &[HeaderName]) {
    for name in credentials {
        headers.remove(name);
    }
    for name in [header::AUTHORIZATION, header::PROXY_AUTHORIZATION] {
        headers.get_mut(&name).into_iter().for_each(|value| value.set_sensitive(true));
    }
    for name in [&header::COOKIE, &SESSION] {
        headers.get_mut(name).into_iter().for_each(|value| value.set_sensitive(true));
    }
}

/// A reply that comes alone.
pub(super) fn respond(reply: Reply) -> Response<Body> {
    let status = StatusCode::from_u16(reply.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let not_allowed = status == StatusCode::METHOD_NOT_ALLOWED;
    let session = reply.session().and_then(|session| HeaderValue::from_str(session).ok());
    let retry_after = reply.retry_after();
    let kind = reply.kind();
    let needed = reply.required_scopes().to_vec();
    let mut response = Response::new(Body::whole(reply.into_body()));
    if !needed.is_empty() {
        response.extensions_mut().insert(Needed(needed));
    }
    *response.status_mut() = status;
    if kind == ReplyKind::Response {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Some(session) = session {
        response.headers_mut().insert(&SESSION, session);
    }
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    if not_allowed {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST, DELETE"));
    }
    response
}

pub(super) fn stream_of(session: Option<String>, events: Body) -> Response<Body> {
    let mut response = Response::new(events);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    if let Some(session) = session.and_then(|session| HeaderValue::from_str(&session).ok()) {
        headers.insert(&SESSION, session);
    }
    response
}

/// A refusal of the transport itself, in the form that clients of the protocol read.
pub(super) fn refuse(status: StatusCode, problem: &str) -> Response<Body> {
    let error = serde_json::json!({"jsonrpc": "2.0", "error": {"code": -32600, "message": problem}});
    let reply = Reply::response(status.as_u16(), error.to_string().into_bytes());
    // What there is no room for now may fit soon.
    respond(if status == StatusCode::SERVICE_UNAVAILABLE { reply.retry_in(1) } else { reply })
}
