//! HTTP+SSE, the transport of the oldest clients: a stream of events that the server writes, and requests that each bring
//! one message to it.
//!
//! A stream is a connection like any other; only how messages come and go is known here.

mod feed;
mod streams;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use tokio_util::sync::CancellationToken;

pub(super) use feed::Feed;
pub(super) use streams::Streams;

use super::accept::Accept;
use super::body::Body;
use super::remote::Door;
use super::service::{admit, read_in_time, refuse, respond, stream_of, without_message};
use super::settings::{Settings, Sse};
use crate::model::Principal;
use crate::server::{Reply, Server};
use crate::wire::Peer;
use streams::Undelivered;

/// HTTP+SSE as a `tower::Service` of HTTP requests: GET opens a stream, POST brings a message to one.
///
/// It is for a router of your own; [`Server::serve_http`] serves it without. It answers at whatever path it is given, so
/// one and the same goes to both paths, which are those that
/// [`http_sse_at`](crate::ServerBuilder::http_sse_at) told the clients:
///
/// ```no_run
/// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
/// let server = mcp::server!().http_sse().build()?;
/// let sse = server.http_sse_service();
/// let router: axum::Router = axum::Router::new()
///     .route_service("/sse", sse.clone())
///     .route_service("/messages", sse.clone())
///     .nest_service("/mcp", server.http_service());
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// // A stream has no end of its own, so it is given one when the process is to end.
/// let end = async move {
///     let _ = tokio::signal::ctrl_c().await;
///     sse.close();
/// };
/// axum::serve(listener, router).with_graceful_shutdown(end).await?;
/// # Ok(())
/// # }
/// ```
///
/// What comes by it is served as on any connection: it is each message that says its revision, or the `initialize` before
/// it, and no header; functions find no [`Headers`](crate::Headers); and a client that closes its stream cancels what it
/// has asked. A message is answered with 202 at once, whatever it says, or with 503 where the client has not read what
/// came before: 256 messages, or as many bytes as one message may have, wait at most.
#[derive(Debug, Clone)]
pub struct HttpSseService {
    server: Server,
    settings: Arc<Settings>,
    door: Door,
    ending: CancellationToken,
}

impl Server {
    /// This server as a `tower::Service` for clients of HTTP+SSE. Without
    /// [`http_sse`](crate::ServerBuilder::http_sse) it answers 404 to whatever comes.
    ///
    /// `Host`, `Origin`, authentication, and the length and type of bodies are checked as by
    /// [`http_service`](Self::http_service).
    pub fn http_sse_service(&self) -> HttpSseService {
        HttpSseService {
            server: self.clone(),
            settings: Settings::of(&self.shared),
            door: Door::default(),
            ending: CancellationToken::new(),
        }
    }
}

impl<B> tower_service::Service<Request<B>> for HttpSseService
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

impl HttpSseService {
    /// The door by which its requests come.
    pub(super) fn at(mut self, door: Door) -> Self {
        self.door = door;
        self
    }

    /// Ends the streams that this service and its clones have opened, and opens no more. Calls that are under way have as
    /// long as [`drain`](crate::ServerBuilder::drain) says.
    pub fn close(&self) {
        self.ending.cancel();
    }

    pub(super) async fn answer<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes, Error: std::fmt::Display> + Send,
    {
        let Some(sse) = &self.settings.sse else {
            return refuse(StatusCode::NOT_FOUND, "HTTP+SSE is not served here");
        };
        let (mut parts, body) = request.into_parts();
        let principal = match admit(&self.settings, self.door, &mut parts).await {
            Ok(principal) => principal,
            Err(refusal) => return refusal,
        };
        match parts.method {
            Method::GET => self.open(sse, &parts, principal),
            Method::POST => self.post(sse, &parts, body, principal).await,
            _ => {
                let problem = "a stream is opened with GET, and messages are sent with POST";
                let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, problem);
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
                response
            }
        }
    }

    fn open(&self, sse: &Sse, parts: &Parts, principal: Principal) -> Response<Body> {
        if !Accept::of(&parts.headers).events {
            return refuse(StatusCode::NOT_ACCEPTABLE, "header accept must allow text/event-stream");
        }
        if self.ending.is_cancelled() {
            return refuse(StatusCode::SERVICE_UNAVAILABLE, "the server is about to end");
        }
        let until = principal.until();
        let address = self.door.remote(parts);
        let peer = Peer::connection().principal(principal.clone()).remote(address);
        let peer = if self.settings.exposure.is_public() { peer.public() } else { peer };
        let room = self.server.shared.limits.message;
        let Some((place, inbox)) = sse.streams.open(principal, self.settings.connections, room) else {
            return refuse(StatusCode::SERVICE_UNAVAILABLE, "all streams are taken: try again later");
        };
        let endpoint = format!("{}?{SESSION}={}", sse.messages, place.id());
        let (server, ending) = (self.server.clone(), self.ending.clone());
        let feed = Feed::new(place, inbox, &endpoint, |link| async move {
            let end = async move {
                match until {
                    Some(until) => drop(tokio::time::timeout_at(until, ending.cancelled()).await),
                    None => ending.cancelled().await,
                }
            };
            if let Err(error) = server.serve_until(link, peer, end).await {
                tracing::debug!(%error, "a stream ended");
            }
        });
        stream_of(None, Body::feed(feed))
    }

    async fn post<B>(&self, sse: &Sse, parts: &Parts, body: B, principal: Principal) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes, Error: std::fmt::Display> + Send,
    {
        if let Some(refusal) = without_message(&parts.headers) {
            return refusal;
        }
        let message = match read_in_time(body, self.server.shared.limits.message).await {
            Ok(message) => message,
            Err(refusal) => return refusal,
        };
        let mut pairs = parts.uri.query().unwrap_or_default().split('&');
        let id = pairs.find_map(|pair| pair.strip_prefix(SESSION)?.strip_prefix('=')).unwrap_or_default();
        match sse.streams.deliver(principal, id, message) {
            Ok(()) => respond(Reply::accepted()),
            Err(Undelivered::NoSuchStream) => refuse(
                StatusCode::NOT_FOUND,
                "no such stream: open one with GET, and use the URI that it begins with",
            ),
            Err(Undelivered::Narrower) => refuse(
                StatusCode::FORBIDDEN,
                "you are allowed less than when you opened this stream: open another one",
            ),
            Err(Undelivered::Full) => refuse(
                StatusCode::SERVICE_UNAVAILABLE,
                "too many messages wait: read the stream, and try again",
            ),
        }
    }
}

/// The name that clients know for what stands in the URI.
const SESSION: &str = "sessionId";
