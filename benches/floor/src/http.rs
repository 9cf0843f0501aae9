//! Serves `POST /mcp` on raw hyper: one task for each connection, one write for each reply.

mod sessions;

use std::{convert::Infallible, io, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::{Body, Incoming},
    header::{ALLOW, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::value::RawValue;
use tokio::net::TcpListener;

use crate::{
    answer::{self, Outcome},
    message::{self, Message, STATEFUL, STATELESS},
    reply,
};
use sessions::Sessions;

const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The longest body that is read.
const LONGEST_BODY: usize = 4 << 20;

type Reply = Response<Full<Bytes>>;

/// Serves until the process ends.
///
/// # Errors
/// The address cannot be bound.
pub async fn serve(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    let sessions = Arc::new(Sessions::default());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let sessions = sessions.clone();
        let service = service_fn(move |request| {
            let sessions = sessions.clone();
            async move { Ok::<_, Infallible>(respond(request, &sessions).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn respond(request: Request<Incoming>, sessions: &Sessions) -> Reply {
    let (head, body) = request.into_parts();
    if head.uri.path() != "/mcp" {
        return empty(StatusCode::NOT_FOUND);
    }
    if !is_local(&head.headers) {
        return empty(StatusCode::FORBIDDEN);
    }
    if head.method == Method::DELETE {
        let ended = session(&head.headers).is_some_and(|id| sessions.end(id));
        return empty(if ended { StatusCode::OK } else { StatusCode::NOT_FOUND });
    }
    if head.method != Method::POST {
        let mut refused = empty(StatusCode::METHOD_NOT_ALLOWED);
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("POST, DELETE"));
        return refused;
    }
    match read_body(body).await {
        Ok(bytes) => answer_post(&head.headers, &bytes, sessions),
        Err(status) => empty(status),
    }
}

async fn read_body(mut body: Incoming) -> Result<Bytes, StatusCode> {
    if body.size_hint().upper().is_some_and(|length| length <= LONGEST_BODY as u64) {
        // Most bodies arrive in one piece, which is then taken as it is.
        let Some(frame) = body.frame().await else { return Ok(Bytes::new()) };
        let first = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data().unwrap_or_default();
        if body.is_end_stream() {
            return Ok(first);
        }
        let rest = body.collect().await.map_err(|_| StatusCode::BAD_REQUEST)?.to_bytes();
        return Ok([first, rest].concat().into());
    }
    match Limited::new(body, LONGEST_BODY).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => Err(StatusCode::BAD_REQUEST),
    }
}

fn answer_post(headers: &HeaderMap, bytes: &[u8], sessions: &Sessions) -> Reply {
    let mut out = Vec::with_capacity(512);
    let message = match message::read(bytes) {
        Ok(message) => message,
        Err(unreadable) => {
            reply::error(&mut out, unreadable.id, unreadable.code, unreadable.text, None);
            return json(StatusCode::BAD_REQUEST, out);
        }
    };
    let version = headers.get(VERSION).map_or("", |value| value.to_str().unwrap_or("?"));
    if version >= STATELESS || !message.params.meta.version.is_empty() {
        let Some(id) = message.id else { return empty(StatusCode::ACCEPTED) };
        let outcome = answer_stateless(&mut out, id, &message, headers, version);
        return json(status(outcome), out);
    }
    if message.method == "initialize" {
        let Some(id) = message.id else { return empty(StatusCode::BAD_REQUEST) };
        let Some(session) = sessions.begin() else { return empty(StatusCode::SERVICE_UNAVAILABLE) };
        answer::stateful(&mut out, id, &message);
        let mut begun = json(StatusCode::OK, out);
        begun.headers_mut().insert(SESSION, session);
        return begun;
    }
    if !matches!(version, "" | STATEFUL) {
        return empty(StatusCode::BAD_REQUEST);
    }
    match session(headers) {
        None => return empty(StatusCode::BAD_REQUEST),
        Some(id) if !sessions.knows(id) => return empty(StatusCode::NOT_FOUND),
        Some(_) => {}
    }
    let Some(id) = message.id else { return empty(StatusCode::ACCEPTED) };
    answer::stateful(&mut out, id, &message);
    json(StatusCode::OK, out)
}

/// Checks that the headers say what the body says, in the order that the specification implies.
fn answer_stateless(
    out: &mut Vec<u8>,
    id: &RawValue,
    message: &Message<'_>,
    headers: &HeaderMap,
    version: &str,
) -> Outcome {
    let params = &message.params;
    if let Some(missing) = answer::missing(&params.meta) {
        return answer::invalid(out, id, missing);
    }
    let says = |name: HeaderName, value: &str| headers.get(name).is_some_and(|header| header == value);
    let mismatch = if version != params.meta.version {
        Some("MCP-Protocol-Version differs from the body")
    } else if params.meta.version != STATELESS {
        None
    } else if !says(METHOD, &message.method) {
        Some("Mcp-Method differs from the body")
    } else if message.method == "tools/call" && !says(NAME, &params.name) {
        // The names of these tools need no base64, so a header in base64 names none of them.
        Some("Mcp-Name differs from the body")
    } else {
        None
    };
    if let Some(text) = mismatch {
        reply::error(out, Some(id), -32020, text, None);
        return Outcome::Invalid;
    }
    answer::stateless(out, id, message)
}

fn status(outcome: Outcome) -> StatusCode {
    match outcome {
        Outcome::Answered => StatusCode::OK,
        Outcome::Invalid => StatusCode::BAD_REQUEST,
        Outcome::NoSuchMethod => StatusCode::NOT_FOUND,
    }
}

/// Whether the request was meant for this machine, and by a page of this machine if by a page at all.
fn is_local(headers: &HeaderMap) -> bool {
    fn is_loopback(authority: &[u8]) -> bool {
        let end = authority.iter().rposition(|&byte| byte == b':').unwrap_or(authority.len());
        matches!(&authority[..end], b"127.0.0.1" | b"localhost" | b"[::1]")
    }
    let host = headers.get(HOST).is_none_or(|host| is_loopback(host.as_bytes()));
    let origin = headers
        .get(ORIGIN)
        .is_none_or(|origin| origin.as_bytes().strip_prefix(b"http://").is_some_and(is_loopback));
    host && origin
}

fn session(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(SESSION)
}

fn json(status: StatusCode, body: Vec<u8>) -> Reply {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

fn empty(status: StatusCode) -> Reply {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
