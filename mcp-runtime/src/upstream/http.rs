//! What an answer of HTTP says about trying again. It knows statuses and headers, and no client.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};

use super::Verdict;

impl Verdict {
    /// What an HTTP answer that is no success says about trying again.
    ///
    /// - 429 and 503 with `Retry-After` in seconds: [`After`](Self::After) that. A date is not read: clocks differ.
    /// - 408, 425, 429, 500, 502, 503 and 504: [`Transient`](Self::Transient).
    /// - Other statuses of 400 to 499: [`Refused`](Self::Refused).
    /// - Anything else: [`Failed`](Self::Failed).
    ///
    /// A service that has a way of its own to say so, such as 403 where it counts requests, is asked about that first.
    ///
    /// ```
    /// use std::time::Duration;
    /// use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
    /// use mcp::Verdict;
    ///
    /// let mut headers = HeaderMap::new();
    /// assert_eq!(Verdict::of_http(StatusCode::NOT_FOUND, &headers), Verdict::Refused);
    /// assert_eq!(Verdict::of_http(StatusCode::BAD_GATEWAY, &headers), Verdict::Transient);
    /// headers.insert(RETRY_AFTER, 5.into());
    /// let wait = Duration::from_secs(5);
    /// assert_eq!(Verdict::of_http(StatusCode::TOO_MANY_REQUESTS, &headers), Verdict::After(wait));
    /// ```
    pub fn of_http(status: StatusCode, headers: &HeaderMap) -> Self {
        let seconds = || headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok();
        match status.as_u16() {
            429 | 503 => seconds().map_or(Self::Transient, |wait| Self::After(Duration::from_secs(wait))),
            408 | 425 | 500 | 502 | 504 => Self::Transient,
            400..=499 => Self::Refused,
            _ => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_wait_is_believed_where_it_is_one() {
        for (status, said, verdict) in [
            (429, "7", Verdict::After(Duration::from_secs(7))),
            (503, " 0 ", Verdict::After(Duration::ZERO)),
            (429, "Fri, 31 Dec 1999 23:59:59 GMT", Verdict::Transient),
            (429, "-1", Verdict::Transient),
            (503, "1e9", Verdict::Transient),
            (500, "7", Verdict::Transient),
            (403, "7", Verdict::Refused),
            (501, "7", Verdict::Failed),
            (302, "7", Verdict::Failed),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, said.parse().unwrap())]);
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(Verdict::of_http(status, &headers), verdict, "{status} {said}");
        }
    }
}
