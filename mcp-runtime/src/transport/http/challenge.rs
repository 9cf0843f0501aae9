//! What a caller must do to be let in: the status and the headers of a refusal.

use std::time::Duration;

use http::{HeaderValue, Response, StatusCode, header};

use super::body::Body;
use super::service::refuse;

/// What a caller must do to be let in: the status and the `WWW-Authenticate` header of the refusal.
#[derive(Debug, Clone)]
pub struct Challenge {
    status: StatusCode,
    challenge: Option<HeaderValue>,
    retry_after: Option<Duration>,
}

impl Challenge {
    fn new(status: StatusCode, challenge: &str) -> Self {
        let challenge = HeaderValue::from_str(challenge).ok().filter(|challenge| !challenge.is_empty());
        Self { status, challenge, retry_after: None }
    }

    /// 401: nobody known, or not known any more. A challenge that cannot stand in a header is left out.
    pub fn unauthorized(challenge: impl AsRef<str>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, challenge.as_ref())
    }

    /// 403: known, but not allowed.
    pub fn forbidden(challenge: impl AsRef<str>) -> Self {
        Self::new(StatusCode::FORBIDDEN, challenge.as_ref())
    }

    /// 400: what he sent cannot be understood, such as two tokens.
    pub fn malformed(challenge: impl AsRef<str>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, challenge.as_ref())
    }

    /// 503: who he is cannot be found out just now, and he should come back after so long, in whole seconds.
    pub fn unavailable(retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "") }
    }

    /// Whether the caller may be let in for another reason: these credentials say nothing of who he is.
    pub fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// Says in a refusal that was written elsewhere what the caller can do about it.
    pub(super) fn challenge(self, response: &mut Response<Body>) {
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let said = match self.status {
            StatusCode::UNAUTHORIZED => "who are you?".to_owned(),
            StatusCode::BAD_REQUEST => "your credentials cannot be understood".to_owned(),
            StatusCode::SERVICE_UNAVAILABLE => {
                let after = self.retry_after.unwrap_or_default().as_secs().max(1);
                format!("who you are cannot be found out just now: try again in {after} s")
            }
            _ => "not allowed".to_owned(),
        };
        let mut response = refuse(self.status, &said);
        let headers = response.headers_mut();
        if let Some(challenge) = self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(after) = self.retry_after {
            headers.insert(header::RETRY_AFTER, after.as_secs().max(1).into());
        }
        response
    }
}
