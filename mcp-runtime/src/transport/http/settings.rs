//! What the author says about HTTP when the server is built.

use std::net::SocketAddr;
use std::sync::Arc;

use super::Exposure;
use super::sse::Streams;
use crate::server::{ServerBuilder, Shared};

/// What HTTP needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(super) exposure: Exposure,
    pub(crate) path: String,
    pub(super) connections: usize,
    /// Where counts are served, beside the server itself.
    pub(super) metrics_on: Option<SocketAddr>,
    /// The transport of the oldest clients, where it is served.
    pub(super) sse: Option<Sse>,
}

/// Where the transport HTTP+SSE is found, and its streams.
#[derive(Debug, Clone)]
pub(crate) struct Sse {
    pub(super) stream: String,
    pub(super) messages: String,
    pub(super) streams: Arc<Streams>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            exposure: Exposure::loopback(),
            path: "/mcp".into(),
            connections: 10_240,
            metrics_on: None,
            sse: None,
        }
    }
}

impl Settings {
    pub(crate) fn of(server: &Shared) -> Arc<Self> {
        server.states.get().unwrap_or_default()
    }
}

impl ServerBuilder {
    fn http(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.states.get::<Settings>().map(|found| (*found).clone()).unwrap_or_default();
        change(&mut settings);
        if let Some(sse) = &settings.sse
            && [&sse.stream, &sse.messages].contains(&&settings.path)
        {
            self.problems
                .push(format!("Streamable HTTP and HTTP+SSE are both to be found at {:?}", settings.path));
        }
        self.states.insert(settings);
        self
    }

    /// Says who may use the server over HTTP: programs on this machine by default. See [`Exposure`].
    #[must_use]
    pub fn exposure(mut self, exposure: Exposure) -> Self {
        self.problems.extend(exposure.problems.iter().cloned());
        self.http(|settings| settings.exposure = exposure)
    }

    /// Where the server is found over HTTP, `/mcp` by default. A server that is nested in a router is found wherever the
    /// router says.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        let path = path.into();
        if !path.starts_with('/') || path.contains(['?', '#']) {
            self.problems.push(format!("{path:?} is not a path, as in \"/mcp\""));
        }
        self.http(|settings| settings.path = path)
    }

    /// Serves HTTP+SSE too, the transport of revision 2024-11-05 before there was Streamable HTTP: a stream of events at
    /// `/sse`, and messages to it at `/messages`. It is for clients that know nothing else; without this, nothing of it is
    /// there.
    ///
    /// Who may use it is said by the same [`exposure`](Self::exposure), and each stream is a connection with the limits of
    /// one. To serve it from a router of your own see [`Server::http_sse_service`](crate::Server::http_sse_service).
    ///
    /// ```standalone_crate
    /// let server = mcp::server!().http_sse().build()?;
    /// # Ok::<_, mcp::BuildError>(())
    /// ```
    #[must_use]
    pub fn http_sse(self) -> Self {
        self.http_sse_at("/sse", "/messages")
    }

    /// The same at other paths, as clients see them: where a stream is opened, and where it is told to send messages.
    #[must_use]
    pub fn http_sse_at(mut self, stream: impl Into<String>, messages: impl Into<String>) -> Self {
        let (stream, messages) = (stream.into(), messages.into());
        for path in [&stream, &messages] {
            let legal = path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte));
            if !path.starts_with('/') || !legal {
                self.problems.push(format!("{path:?} is not a path, as in \"/sse\""));
            }
        }
        self.http(|settings| settings.sse = Some(Sse { stream, messages, streams: Arc::default() }))
    }

    /// Counts what happens as [`metrics`](Self::metrics) does, and serves the counts at `/metrics` of an address of its own, such
    /// as `127.0.0.1:9464`, for as long as HTTP is served. Whoever reaches the address reads them: names of functions and
    /// clients, and how often what happened. At a loopback address that is this machine; at any other, whoever the network
    /// lets through.
    ///
    /// ```standalone_crate
    /// let server = mcp::server!().metrics_on("127.0.0.1:9464").build()?;
    /// # Ok::<_, mcp::BuildError>(())
    /// ```
    #[must_use]
    pub fn metrics_on(mut self, address: impl AsRef<str>) -> Self {
        let address = address.as_ref();
        match address.parse() {
            Ok(address) => self.metrics().http(|settings| settings.metrics_on = Some(address)),
            Err(_) => {
                self.problems.push(format!("{address:?} is not an address, as in \"127.0.0.1:9464\""));
                self
            }
        }
    }

    /// How many HTTP connections there may be at once, 10,240 by default. More wait until one has ended. There
    /// are as many streams of [HTTP+SSE](Self::http_sse) at most; one more is refused with 503.
    #[must_use]
    pub fn max_connections(self, count: usize) -> Self {
        self.http(|settings| settings.connections = count.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_where_nothing_is_said_is_this() {
        let Settings { exposure, path, connections, sse, metrics_on } = Settings::default();
        assert!(!exposure.is_public() && exposure.origins.is_empty() && exposure.proxies.is_none());
        assert_eq!((&*path, connections, sse.is_none(), metrics_on), ("/mcp", 10_240, true, None));
    }
}
