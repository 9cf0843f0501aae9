//! Listening, and serving each connection until the process is asked to end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::body::Body;
use super::operator;
use super::remote::Door;
use super::service::HttpService;
use super::settings::Settings;
use super::sse::HttpSseService;
use crate::dialect::Dialect;
use crate::error::ServerError;
use crate::server::Server;
use crate::transport::stdio::shutdown;

/// The head of a request must be there after so long; a connection that is kept open without one is closed then.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// When the system gives no more connections, such as for want of descriptors, it is asked again after so long.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// Requests under way on one HTTP/2 connection.
const STREAMS: u32 = 256;

impl Server {
    /// Listens at an address and serves Streamable HTTP (HTTP/1.1, and HTTP/2 with prior knowledge) until the process is
    /// asked to end (SIGTERM, Ctrl-C); and HTTP+SSE beside it, if [`http_sse`](crate::ServerBuilder::http_sse) says so.
    ///
    /// Then calls that are under way have as long as [`drain`](crate::ServerBuilder::drain) says.
    ///
    /// # Errors
    ///
    /// Where the address cannot be listened at, or can be reached from other machines though the server's
    /// [`Exposure`](super::Exposure) is loopback.
    pub async fn serve_http(&self, address: impl ToSocketAddrs + std::fmt::Debug) -> crate::Result<()> {
        let bound = TcpListener::bind(&address).await;
        let listener =
            bound.map_err(|source| ServerError::Bind { address: format!("{address:?}"), source })?;
        self.serve_http_on(listener, shutdown()).await
    }

    /// The same with a listener of your own, until `shutdown` is ready.
    ///
    /// # Errors
    ///
    /// As [`Server::serve_http`].
    pub async fn serve_http_on(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> crate::Result<()> {
        let address = listener.local_addr()?;
        let settings = Settings::of(&self.shared);
        if !settings.exposure.is_public() && !address.ip().is_loopback() {
            return Err(ServerError::Exposed { address: address.to_string() });
        }
        tracing::info!(url = format!("http://{address}{}", settings.path), "serving Streamable HTTP");
        if let Some(sse) = &settings.sse {
            tracing::info!(url = format!("http://{address}{}", sse.stream), "serving HTTP+SSE");
        }
        let counts = match &settings.metrics_on {
            None => None,
            Some(address) => {
                let bound = TcpListener::bind(address).await;
                Some(bound.map_err(|source| ServerError::Bind { address: address.to_string(), source })?)
            }
        };
        let service = self.http_service();
        let sse = self.http_sse_service();
        let graceful = GracefulShutdown::new();
        let mut shutdown = std::pin::pin!(shutdown);
        let ending = CancellationToken::new();
        let mut connections = JoinSet::new();
        if let Some(counts) = counts {
            let (server, ending) = (self.clone(), ending.clone());
            connections.spawn(async move {
                let served = server.serve_metrics_on(counts, ending.cancelled_owned()).await;
                if let Err(error) = served {
                    tracing::error!(%error, "metrics are not served any more");
                }
            });
        }
        let places = Arc::new(Semaphore::new(settings.connections));
        loop {
            let accepted = async {
                // A connection that has no place waits at the system's door.
                let place = places.clone().acquire_owned().await;
                (listener.accept().await, place)
            };
            let ((stream, from), place) = tokio::select! {
                biased;
                () = &mut shutdown => break,
                (accepted, place) = accepted => match accepted {
                    Ok((stream, from)) => ((stream, from), place),
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_AGAIN).await;
                        continue;
                    }
                },
            };
            let door = Door { port: Some(address.port()), from: Some(from) };
            let services = Services {
                http: service.clone().at(door),
                sse: sse.clone().at(door),
                settings: settings.clone(),
            };
            let served = connection(stream, services, graceful.watcher(), ending.clone());
            while connections.try_join_next().is_some() {}
            connections.spawn(async move {
                served.await;
                drop(place);
            });
        }
        drop(listener);
        tracing::info!("ending: calls under way are waited for, and no new ones are taken");
        self.shared.sight.health.stop();
        ending.cancel();
        service.wind_up();
        sse.close();
        let drained = async {
            graceful.shutdown().await;
            service.idle().await;
        };
        if tokio::time::timeout(self.shared.limits.drain, drained).await.is_err() {
            tracing::warn!("calls that took too long were cancelled at the end");
        }
        service.stop();
        Ok(())
    }
}

/// What answers the requests of a connection.
struct Services {
    http: HttpService,
    sse: HttpSseService,
    settings: Arc<Settings>,
}

/// Serves one connection. What goes wrong on it ends nothing else.
async fn connection(stream: TcpStream, services: Services, watcher: Watcher, ending: CancellationToken) {
    // Without this, a small reply may wait for the acknowledgement of the one before.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let begun = tokio::select! {
        begun = tokio::time::timeout(HEAD_TIMEOUT, speaks_http2(&stream)) => begun,
        // Whoever has said nothing keeps nobody from ending.
        () = ending.cancelled() => return,
    };
    let Ok(Ok(http2)) = begun else { return };
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder = if http2 { builder.http2_only() } else { builder.http1_only() };
    // A client that closes its half of a connection is taken to have gone: that is how a stateless client cancels.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(HEAD_TIMEOUT);
    let services = Arc::new(services);
    let routed = service_fn(move |request: Request<Incoming>| route(services.clone(), request));
    let served = builder.serve_connection(TokioIo::new(stream), routed);
    if let Err(error) = watcher.watch(served.into_owned()).await {
        tracing::debug!(error = %error, "a connection ended");
    }
}

/// Whether a connection begins as HTTP/2 does. Nothing is taken from it, and whoever sends nothing has no answer.
async fn speaks_http2(stream: &TcpStream) -> std::io::Result<bool> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    /// The rest of a beginning that came in pieces is looked for this often.
    const LOOK_AGAIN: Duration = Duration::from_millis(10);
    let mut begun = [0; PREFACE.len()];
    loop {
        let there = stream.peek(&mut begun).await?;
        let begun = begun.get(..there).unwrap_or_default();
        if begun == PREFACE {
            return Ok(true);
        }
        if begun.is_empty() || !PREFACE.starts_with(begun) {
            return Ok(false);
        }
        // What is there stays there: that nothing follows is seen only here.
        if stream.ready(Interest::READABLE).await?.is_read_closed() {
            return Ok(false);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Only one path is the server's, and those of the old transport where it is served.
async fn route(services: Arc<Services>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let settings = &services.settings;
    let path = request.uri().path();
    let metadata = settings.exposure.protected().is_some_and(|protected| protected.is_at(path));
    if path == settings.path || metadata || asks_for_dialect(path, &settings.path) {
        return Ok(services.http.answer(request).await);
    }
    if settings.sse.as_ref().is_some_and(|sse| [&*sse.stream, &*sse.messages].contains(&path)) {
        return Ok(services.sse.answer(request).await);
    }
    // Boxed, so that what is asked now and then makes no room for itself in every request.
    if operator::is_asked(path)
        && let Some(answer) = Box::pin(services.http.tell_operator(&request)).await
    {
        return Ok(answer);
    }
    let mut response =
        Response::new(Body::whole(format!("there is nothing here; the server is at {}\n", settings.path)));
    *response.status_mut() = StatusCode::NOT_FOUND;
    Ok(response)
}

/// Whether a path is the server's with the name of a dialect behind it.
fn asks_for_dialect(path: &str, server: &str) -> bool {
    let behind = path.strip_prefix(server.trim_end_matches('/')).and_then(|rest| rest.strip_prefix('/'));
    behind.and_then(Dialect::named).is_some()
}
