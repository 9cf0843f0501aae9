//! Who may use a server over HTTP.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderName, header};

use super::guard::{Host, Origin};
use super::{Challenge, ProtectedResource, Proxies};
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
    /// Who is believed about where requests come from, beside themselves.
    pub(super) proxies: Option<Proxies>,
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
        Self { reach: Reach::Loopback, origins: Vec::new(), proxies: None, problems: Vec::new() }
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
        let authentication = authentication.into();
        let mut problems = authentication.problems();
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
        let reach = Reach::Public { hosts: parsed, authentication };
        let mut exposure = Self { reach, origins: Vec::new(), proxies: None, problems };
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

    /// Proxies stand in front of the server, and say from where requests come and for which host: see [`Proxies`]. Nobody is
    /// believed about that otherwise.
    #[must_use]
    pub fn behind(mut self, proxies: Proxies) -> Self {
        self.problems.extend(proxies.problems().iter().cloned());
        self.proxies = Some(proxies);
        self
    }

    pub(super) fn is_public(&self) -> bool {
        matches!(self.reach, Reach::Public { .. })
    }

    /// What the server says of where its tokens come from.
    pub(super) fn protected(&self) -> Option<&ProtectedResource> {
        match &self.reach {
            Reach::Public { authentication, .. } => authentication.0.as_ref()?.protected.as_ref(),
            Reach::Loopback => None,
        }
    }

    /// The headers that nobody sees once they have told who it is.
    pub(super) fn credentials(&self) -> &[HeaderName] {
        match &self.reach {
            Reach::Public { authentication: Authentication(Some(known)), .. } => &known.credentials,
            Reach::Public { .. } => &[header::AUTHORIZATION, header::PROXY_AUTHORIZATION],
            Reach::Loopback => &[],
        }
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

    /// Where callers get tokens, if they are to be told: it is published, and whoever lacks a scope is challenged with it.
    fn protected_resource(&self) -> Option<ProtectedResource> {
        None
    }

    /// The headers that carry credentials, beside `Authorization` and `Proxy-Authorization`: they are taken away once
    /// they have told who it is, so that no function and no log sees them.
    fn credential_headers(&self) -> Vec<HeaderName> {
        Vec::new()
    }

    /// What is wrong with how it was set up. The server is not built then.
    fn problems(&self) -> Vec<String> {
        Vec::new()
    }
}

/// How callers are told apart: an [`Authenticate`], or [`unauthenticated`].
#[derive(Clone)]
pub struct Authentication(Option<Arc<Known>>);

/// Somebody who tells callers apart, and what he said when he was asked about himself.
struct Known {
    authenticate: Box<dyn Erased>,
    protected: Option<ProtectedResource>,
    credentials: Vec<HeaderName>,
    problems: Vec<String>,
}

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
        let protected = authenticate.protected_resource();
        let mut problems = authenticate.problems();
        problems.extend(protected.iter().flat_map(ProtectedResource::problems));
        let mut credentials = authenticate.credential_headers();
        credentials.extend([header::AUTHORIZATION, header::PROXY_AUTHORIZATION]);
        let authenticate = Box::new(authenticate);
        Self(Some(Arc::new(Known { authenticate, protected, credentials, problems })))
    }
}

impl Authentication {
    pub(super) async fn principal(&self, request: &Parts) -> Result<Principal, Challenge> {
        match &self.0 {
            Some(known) => known.authenticate.erased(request).await,
            None => Ok(Principal::anonymous()),
        }
    }

    pub(super) fn problems(&self) -> Vec<String> {
        self.0.as_ref().map(|known| known.problems.clone()).unwrap_or_default()
    }

    /// Whether nobody is told from anybody else.
    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the command line asks"))]
    pub(super) fn is_nobody(&self) -> bool {
        self.0.is_none()
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
