//! What a protected server says of itself: where tokens for it are to be had, and which (RFC 9728).

use http::{HeaderValue, Method, Response, StatusCode, Uri, header};
use serde_json::json;

use super::Challenge;
use super::body::Body;
use crate::model::is_scope;

/// Where callers get tokens for a server, and what these must be good for: its protected-resource metadata (RFC 9728).
///
/// An [`Authenticate`](super::Authenticate) that has one publishes it: the server answers `GET` at
/// `/.well-known/oauth-protected-resource`, and at the same with the path of the resource behind it, to anybody; and a caller
/// who lacks a scope is told by 403 which to ask for.
///
/// ```
/// use mcp::http::ProtectedResource;
/// let resource = ProtectedResource::new("https://mcp.example.com/mcp", ["https://login.example.com"])
///     .scopes(["orders:read"]);
/// assert_eq!(
///     resource.metadata_url(),
///     "https://mcp.example.com/.well-known/oauth-protected-resource/mcp",
/// );
/// ```
#[derive(Debug, Clone)]
pub struct ProtectedResource {
    resource: String,
    issuers: Vec<String>,
    scopes: Vec<String>,
    name: Option<String>,
    documentation: Option<String>,
}

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

impl ProtectedResource {
    /// The server that clients know by this URI, which is the audience of its tokens, and the authorization servers that
    /// issue them.
    pub fn new<I: Into<String>>(resource: impl Into<String>, issuers: impl IntoIterator<Item = I>) -> Self {
        Self {
            resource: resource.into(),
            issuers: issuers.into_iter().map(Into::into).collect(),
            scopes: Vec::new(),
            name: None,
            documentation: None,
        }
    }

    /// What a client should ask for at first. More is asked for when it is needed.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// A name for people.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Where people can read about it.
    #[must_use]
    pub fn documentation(mut self, url: impl Into<String>) -> Self {
        self.documentation = Some(url.into());
        self
    }

    /// The URI that clients know the server by.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Where the metadata is found.
    pub fn metadata_url(&self) -> String {
        let (origin, path) = split(&self.resource);
        format!("{origin}{WELL_KNOWN}{path}")
    }

    /// 401 for a caller who has shown no token.
    pub fn unauthorized(&self) -> Challenge {
        Challenge::unauthorized(self.challenge(None, &self.scopes))
    }

    /// 401 for a caller whose token is no good, and why. The reason is for him: it must not repeat the token.
    pub fn invalid_token(&self, why: &str) -> Challenge {
        Challenge::unauthorized(self.challenge(Some(("invalid_token", why)), &self.scopes))
    }

    /// 400 for a caller whose credentials cannot be understood.
    pub fn invalid_request(&self, why: &str) -> Challenge {
        Challenge::malformed(self.challenge(Some(("invalid_request", why)), &[""; 0]))
    }

    /// 403 for a caller whose token is good, but not for this: these are all the scopes that it takes.
    pub fn insufficient_scope<S: AsRef<str>>(&self, scopes: &[S]) -> Challenge {
        let why = Some(("insufficient_scope", "the token does not allow this"));
        Challenge::forbidden(self.challenge(why, scopes))
    }

    /// RFC 6750, section 3, with the parameter of RFC 9728.
    fn challenge<S: AsRef<str>>(&self, error: Option<(&str, &str)>, scopes: &[S]) -> String {
        let mut challenge = format!("Bearer resource_metadata=\"{}\"", quotable(&self.metadata_url()));
        if let Some((error, why)) = error {
            challenge += &format!(", error=\"{error}\", error_description=\"{}\"", quotable(why));
        }
        if !scopes.is_empty() {
            let scopes: Vec<_> = scopes.iter().map(|scope| quotable(scope.as_ref())).collect();
            challenge += &format!(", scope=\"{}\"", scopes.join(" "));
        }
        challenge
    }

    /// What is wrong with it.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Err(problem) = secure(&self.resource) {
            problems.push(format!("the resource {:?} {problem}", self.resource));
        }
        if self.issuers.is_empty() {
            problems
                .push(format!("nobody issues tokens for {:?}: name an authorization server", self.resource));
        }
        for issuer in &self.issuers {
            if let Err(problem) = secure(issuer) {
                problems.push(format!("the authorization server {issuer:?} {problem}"));
            }
        }
        for scope in &self.scopes {
            if !is_scope(scope) {
                problems.push(format!(
                    "{scope:?} is not a scope: it has printable ASCII without spaces, quotes and backslashes"
                ));
            } else if scope == "offline_access" {
                problems.push(
                    "\"offline_access\" is between a client and its authorization server: leave it out"
                        .into(),
                );
            }
        }
        problems
    }

    /// Whether the metadata is to be found at this path.
    pub(super) fn is_at(&self, path: &str) -> bool {
        path.strip_prefix(WELL_KNOWN).is_some_and(|rest| rest.is_empty() || rest == split(&self.resource).1)
    }

    /// What answers somebody who asks for the metadata, whoever he is.
    pub(super) fn answer(&self, method: &Method) -> Response<Body> {
        let mut response = match *method {
            Method::GET | Method::HEAD => {
                let mut metadata = json!({
                    "resource": self.resource,
                    "authorization_servers": self.issuers,
                    "bearer_methods_supported": ["header"],
                });
                let optional = [
                    ("scopes_supported", (!self.scopes.is_empty()).then(|| json!(self.scopes))),
                    ("resource_name", self.name.as_ref().map(|name| json!(name))),
                    ("resource_documentation", self.documentation.as_ref().map(|url| json!(url))),
                ];
                for (name, value) in optional {
                    if let Some(value) = value {
                        metadata[name] = value;
                    }
                }
                let mut response = Response::new(Body::whole(metadata.to_string()));
                let headers = response.headers_mut();
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=300"));
                response
            }
            Method::OPTIONS => {
                let mut response = Response::new(Body::whole(""));
                *response.status_mut() = StatusCode::NO_CONTENT;
                // A page's client asks with the version of the protocol in a header.
                let headers = response.headers_mut();
                headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET"));
                headers.insert(
                    header::ACCESS_CONTROL_ALLOW_HEADERS,
                    HeaderValue::from_static("mcp-protocol-version"),
                );
                response
            }
            _ => {
                let mut response = Response::new(Body::whole(""));
                *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
                response
            }
        };
        // Anybody may read it, so any page may.
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        response
    }
}

/// Scheme and authority, and the path where there is more than `/`.
fn split(uri: &str) -> (&str, &str) {
    let authority = uri.find("://").map_or(0, |at| at + 3);
    let rest = uri.get(authority..).unwrap_or_default();
    let end = rest.find(['/', '?', '#']).map_or(uri.len(), |at| authority + at);
    let (origin, path) = uri.split_at(end);
    (origin, path.strip_suffix('/').unwrap_or(path))
}

/// Whether a URI is one that secrets may be sent to: `https`, or a program on the same machine.
pub(crate) fn secure(uri: &str) -> Result<Uri, &'static str> {
    let parsed: Uri = uri.parse().map_err(|_| "is not a URI, as in \"https://mcp.example.com/mcp\"")?;
    if uri.contains(['#', '?']) {
        return Err("has a query or a fragment, and must have neither");
    }
    let authority = parsed.authority().ok_or("has no host")?;
    if authority.as_str().contains('@') {
        return Err("has a user in it: leave him out");
    }
    let scheme = parsed.scheme_str().unwrap_or_default().to_ascii_lowercase();
    match scheme.as_str() {
        "https" => Ok(parsed),
        "http" if is_loopback(authority.host()) => Ok(parsed),
        _ => Err("must begin with \"https://\"; \"http://\" is for this machine only"),
    }
}

pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What can stand between quotes in a header.
fn quotable(text: &str) -> String {
    text.chars().filter(|c| (' '..='~').contains(c) && *c != '"' && *c != '\\').collect()
}
