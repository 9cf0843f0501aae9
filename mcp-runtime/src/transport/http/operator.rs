//! What whoever runs the server asks over HTTP: whether it lives, whether it is ready, and what was counted.
//!
//! `/health` and `/ready` answer to any `Host`: an orchestrator asks by address. They say so little that anybody may know it;
//! why a server is not ready is told to this machine only, and to the log.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::body::Body;
use super::exposure::Exposure;
use super::guard;
use super::service::HttpService;
use crate::Readiness;
use crate::server::Server;

const HEALTH: &str = "/health";
const READY: &str = "/ready";
const METRICS: &str = "/metrics";

/// Connections of those who read the counts.
const CONNECTIONS: usize = 64;
/// The head of a request must be there after so long.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether this is where an operator asks something.
pub(super) fn is_asked(path: &str) -> bool {
    [HEALTH, READY, METRICS].contains(&path)
}

impl HttpService {
    /// The answer to what an operator asks, if it is that.
    pub(super) async fn tell_operator(&self, request: &Request<Incoming>) -> Option<Response<Body>> {
        let path = request.uri().path();
        let counts = self.server.shared.sight.metrics();
        if path == METRICS && (self.settings.exposure.is_public() || counts.is_none()) {
            return None;
        }
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            return Some(only_get());
        }
        let public = self.settings.exposure.is_public();
        Some(match path {
            HEALTH => said(StatusCode::OK, "application/json", r#"{"status":"alive"}"#.into()),
            READY => {
                let port = self.door.port;
                // A web page that made its own name lead here reads no more than a stranger does.
                let told =
                    !public && guard::check(&self.settings.exposure, port, None, &head(request)).is_ok();
                ready(self.server.readiness().await, told)
            }
            METRICS => metrics(&self.server, &self.settings.exposure, self.door.port, request),
            _ => return None,
        })
    }
}

fn ready(mut readiness: Readiness, told: bool) -> Response<Body> {
    if !told {
        readiness.checks = BTreeMap::new();
    }
    let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    said(status, "application/json", serde_json::to_string(&readiness).unwrap_or_default())
}

/// The counts, for whoever may use the server.
fn metrics<B>(
    server: &Server,
    exposure: &Exposure,
    port: Option<u16>,
    request: &Request<B>,
) -> Response<Body> {
    if let Err((status, problem)) = guard::check(exposure, port, None, &head(request)) {
        return said(status, "text/plain", problem);
    }
    exposed(server)
}

fn exposed(server: &Server) -> Response<Body> {
    match server.metrics() {
        Some(text) => said(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text),
        None => said(StatusCode::NOT_FOUND, "text/plain", "nothing is counted here\n".into()),
    }
}

/// What a request says before its body.
fn head<B>(request: &Request<B>) -> Parts {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.uri = request.uri().clone();
    parts.headers = request.headers().clone();
    parts
}

fn said(status: StatusCode, kind: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::whole(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn only_get() -> Response<Body> {
    let mut response = said(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "it is read with GET\n".into());
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

impl Server {
    /// Serves what was counted at `/metrics` to whoever reaches the listener, until `shutdown` is ready.
    /// [`serve_http`](Self::serve_http) does it where the builder said [`metrics_on`](crate::ServerBuilder::metrics_on); this
    /// is for servers that are served otherwise.
    ///
    /// One that listens at a loopback address answers only requests that name this machine as their host, so that no web page
    /// reads it.
    ///
    /// # Errors
    ///
    /// Where the listener has no address.
    pub async fn serve_metrics_on(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> crate::Result<()> {
        let address = listener.local_addr()?;
        let guarded = address.ip().is_loopback().then(Exposure::loopback);
        tracing::info!(url = format!("http://{address}{METRICS}"), "serving metrics");
        let mut shutdown = std::pin::pin!(shutdown);
        let mut connections = JoinSet::new();
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let accepted = async {
                let place = places.clone().acquire_owned().await;
                (listener.accept().await, place)
            };
            let (stream, place) = tokio::select! {
                () = &mut shutdown => return Ok(()),
                (accepted, place) = accepted => match accepted {
                    Ok((stream, _)) => (stream, place),
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                },
            };
            while connections.try_join_next().is_some() {}
            let (server, guarded) = (self.clone(), guarded.clone());
            connections.spawn(async move {
                let answer = service_fn(move |request: Request<Incoming>| {
                    let answer = match request.uri().path() {
                        METRICS if ![Method::GET, Method::HEAD].contains(request.method()) => only_get(),
                        METRICS => match &guarded {
                            Some(exposure) => metrics(&server, exposure, Some(address.port()), &request),
                            None => exposed(&server),
                        },
                        _ => said(StatusCode::NOT_FOUND, "text/plain", "the counts are at /metrics\n".into()),
                    };
                    std::future::ready(Ok::<_, std::convert::Infallible>(answer))
                });
                let mut builder = hyper::server::conn::http1::Builder::new();
                builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
                if let Err(error) = builder.serve_connection(TokioIo::new(stream), answer).await {
                    tracing::debug!(%error, "a connection ended");
                }
                drop(place);
            });
        }
    }
}
