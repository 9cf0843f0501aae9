//! Fetching a small JSON document of an issuer: over HTTPS, without redirects, within bounds of size and time.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// A document is at most this long, in bytes.
const LONGEST: usize = 256 << 10;

/// It is there after so long, or it is not there.
const PATIENCE: Duration = Duration::from_secs(5);

/// Fetches documents.
#[derive(Clone)]
pub(super) struct Fetcher(Client<HttpsConnector<HttpConnector>, Empty<Bytes>>);

/// Why a document is not there.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotFetched {
    Unreachable,
    Slow,
    /// A redirect is one of these: it is not followed.
    Status(StatusCode),
    /// It is longer than it may be, or it broke off.
    Body,
}

impl std::fmt::Display for NotFetched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreachable => f.write_str("it cannot be reached"),
            Self::Slow => write!(f, "it was not there after {} s", PATIENCE.as_secs()),
            Self::Status(status) => write!(f, "it was answered with {status}"),
            Self::Body => write!(f, "it broke off, or has more than {LONGEST} bytes"),
        }
    }
}

impl Fetcher {
    pub(super) fn new() -> Result<Self, String> {
        // By its name, because a program with several providers has no default.
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let tls = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(provider)
            .map_err(|error| format!("TLS cannot be set up: {error}"))?;
        let connector = tls.https_or_http().enable_http1().build();
        // The next document is wanted in minutes: no connection is kept for it.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(Self(client))
    }

    /// The document at a URI that has been found secure.
    pub(super) async fn get(&self, uri: Uri) -> Result<Bytes, NotFetched> {
        tokio::time::timeout(PATIENCE, self.fetch(uri)).await.unwrap_or(Err(NotFetched::Slow))
    }

    async fn fetch(&self, uri: Uri) -> Result<Bytes, NotFetched> {
        let request = Request::get(uri).header(header::ACCEPT, "application/json");
        let request = request.body(Empty::new()).map_err(|_| NotFetched::Unreachable)?;
        let response = self.0.request(request).await.map_err(|_| NotFetched::Unreachable)?;
        if response.status() != StatusCode::OK {
            return Err(NotFetched::Status(response.status()));
        }
        let body = Limited::new(response.into_body(), LONGEST).collect().await;
        Ok(body.map_err(|_| NotFetched::Body)?.to_bytes())
    }
}
