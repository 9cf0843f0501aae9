//! Two ways in beside each other.

use http::HeaderName;
use http::request::Parts;

use crate::http::{Authenticate, Challenge, ProtectedResource};
use crate::model::Principal;

/// Lets in whoever is known to the first, or else to the second.
///
/// ```
/// use mcp::auth::{ApiKeys, Either, Jwt};
///
/// # let secret = "sk-8d1f0c7e5a2b49";
/// let programs = ApiKeys::new().header("x-api-key").key("nightly", secret, ["orders:read"]);
/// let people = Jwt::new("https://login.example.com", "https://mcp.example.com/mcp");
/// let both = Either::new(programs, people);
/// ```
///
/// Whoever is known to neither is answered with the challenge of the second.
#[derive(Debug, Clone)]
pub struct Either<A, B>(A, B);

impl<A: Authenticate, B: Authenticate> Either<A, B> {
    /// Asks `first`, and `second` where that says 401.
    pub fn new(first: A, second: B) -> Self {
        Self(first, second)
    }
}

impl<A: Authenticate, B: Authenticate> Authenticate for Either<A, B> {
    async fn authenticate(&self, request: &Parts) -> Result<Principal, Challenge> {
        match self.0.authenticate(request).await {
            Err(challenge) if challenge.is_unauthorized() => self.1.authenticate(request).await,
            decided => decided,
        }
    }

    fn protected_resource(&self) -> Option<ProtectedResource> {
        self.1.protected_resource().or_else(|| self.0.protected_resource())
    }

    fn credential_headers(&self) -> Vec<HeaderName> {
        self.0.credential_headers().into_iter().chain(self.1.credential_headers()).collect()
    }

    fn problems(&self) -> Vec<String> {
        self.0.problems().into_iter().chain(self.1.problems()).collect()
    }
}
