//! Who may use a server over HTTP.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderValue, StatusCode};

use super::guard::{Host, Origin};
use crate::model::Principal;

/// Who may use a server over HTTP. Without a choice it is [`Exposure::loopback`].
///
/// A web page in a user's browser can send requests to servers on his machine, and a name that an attacker owns can be
/// made to point there. So on every exposure a request must name a host that is this server's, and where a browser says
/// which page a request comes from, that page must be allowed.
#[derive(Debug, Clone)]
pub struct Exposure {
    pub(super) reach: Reach,
    pub(super) origins: Vec<Origin>,
    /// What was given and makes no sense; the build says so.
    pub(super) problems: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) enum Reach {
    Loopback,
    Public { hosts: Vec<Host>, authentication: Authentication },
}

impl Exposure {
    /// Programs on the same machine: the server listens at loopback addresses only, and answers to `localhost`,
    /// `127.0.0.1` and `[::1]`.
    pub fn loopback() -> Self {
        Self { reach: Reach::Loopback, origins: Vec::new(), problems: Vec::new() }
    }

    /// Whoever can reach one of these hosts and is known to `authentication`.
    ///
    /// `hosts` are the names under which clients reach the server, such as `mcp.example.com`, with a port where it
    /// matters. `origins` are the web pages that may use it from a browser, such as `https://app.example.com`; programs
    /// that are no browsers send none. A server that anybody may use says so with [`unauthenticated`].
    ///
    /// ```standalone_crate
    /// use mcp::http::{Exposure, unauthenticated};
    /// let exposure = Exposure::public(["mcp.example.com"], ["https://app.example.com"], unauthenticated());
    /// let server = mcp::server!().exposure(exposure).build()?;
    /// # Ok::<_, mcp::BuildError>(())
    /// ```
    ///
    /// On a public server, errors that were not written for the caller are kept from him: see
    /// [`Peer::public`](crate::Peer::public).
    pub fn public<H: AsRef<str>, O: AsRef<str>>(
        hosts: impl IntoIterator<Item = H>,
        origins: impl IntoIterator<Item = O>,
        authentication: impl Into<Authentication>,
    ) -> Self {
        let mut problems = Vec::new();
        let mut parsed = Vec::new();
        for host in hosts {
            match Host::parse(host.as_ref()) {
                Some(host) => parsed.push(host),
                None => {
                    problems.push(format!("{:?} is not a host, as in \"mcp.example.com\"", host.as_ref()))
                }
            }
        }
        if parsed.is_empty() && problems.is_empty() {
            problems.push("a public server needs the names of its hosts".into());
        }
        let reach = Reach::Public { hosts: parsed, authentication: authentication.into() };
        let mut exposure = Self { reach, origins: Vec::new(), problems };
        for origin in origins {
            exposure = exposure.allow_origin(origin);
        }
        exposure
    }

    /// Lets requests of a web page in, such as one at `http://localhost:3000`.
    ///
    /// A browser also asks for CORS headers, which a layer around the service brings, such as `tower-http`'s `CorsLayer`.
    #[must_use]
    pub fn allow_origin(mut self, origin: impl AsRef<str>) -> Self {
        match Origin::parse(origin.as_ref()) {
            Some(origin) => self.origins.push(origin),
            None => {
                let origin = origin.as_ref();
                self.problems.push(format!("{origin:?} is not an origin, as in \"https://app.example.com\""));
            }
        }
        self
    }

    pub(super) fn is_public(&self) -> bool {
        matches!(self.reach, Reach::Public { .. })
    }
}

/// Finds out who sent a request.
///
/// ```
/// use http::request::Parts;
/// use mcp::Principal;
/// use mcp::http::{Authenticate, Challenge, Exposure};
///
/// struct Proxy;
///
/// impl Authenticate for Proxy {
///     /// The proxy in front of us has checked who it is, and says so.
///     async fn authenticate(&self, request: &Parts) -> Result<Principal, Challenge> {
///         let user = request.headers.get("x-user").and_then(|value| value.to_str().ok());
///         user.map(|user| Principal::new("proxy", user)).ok_or_else(|| Challenge::unauthorized("Bearer"))
///     }
/// }
///
/// let exposure = Exposure::public(["mcp.example.com"], [""; 0], Proxy);
/// ```
pub trait Authenticate: Send + Sync + 'static {
    /// Who sent the request, or what he must do to be let in.
    fn authenticate(&self, request: &Parts) -> impl Future<Output = Result<Principal, Challenge>> + Send;
}

/// How callers are told apart: an [`Authenticate`], or [`unauthenticated`].
#[derive(Clone)]
pub struct Authentication(Option<Arc<dyn Erased>>);

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Authentication" } else { "unauthenticated" })
    }
}

/// Anybody may use the server, and nobody is told from anybody else.
pub fn unauthenticated() -> Authentication {
    Authentication(None)
}

impl<A: Authenticate> From<A> for Authentication {
    fn from(authenticate: A) -> Self {
        Self(Some(Arc::new(authenticate)))
    }
}

impl Authentication {
    pub(super) async fn principal(&self, request: &Parts) -> Result<Principal, Challenge> {
        match &self.0 {
            Some(authenticate) => authenticate.erased(request).await,
            None => Ok(Principal::anonymous()),
        }
    }
}

trait Erased: Send + Sync {
    fn erased<'a>(
        &'a self,
        request: &'a Parts,
    ) -> Pin<Box<dyn Future<Output = Result<Principal, Challenge>> + Send + 'a>>;
}

impl<A: Authenticate> Erased for A {
    fn erased<'a>(
        &'a self,
        request: &'a Parts,
    ) -> Pin<Box<dyn Future<Output = Result<Principal, Challenge>> + Send + 'a>> {
        Box::pin(self.authenticate(request))
    }
}

/// What a caller must do to be let in: the status and the `WWW-Authenticate` header of the refusal.
#[derive(Debug, Clone)]
pub struct Challenge {
    pub(super) status: StatusCode,
    pub(super) challenge: Option<HeaderValue>,
}

impl Challenge {
    /// 401: nobody known, or not known any more. A challenge that cannot stand in a header is left out.
    pub fn unauthorized(challenge: impl AsRef<str>) -> Self {
        let challenge = HeaderValue::from_str(challenge.as_ref()).ok();
        Self { status: StatusCode::UNAUTHORIZED, challenge }
    }

    /// 403: known, but not allowed.
    pub fn forbidden(challenge: impl AsRef<str>) -> Self {
        Self { status: StatusCode::FORBIDDEN, ..Self::unauthorized(challenge) }
    }
}
