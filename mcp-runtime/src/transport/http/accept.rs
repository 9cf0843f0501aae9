//! What a client says that it can read.

use http::{HeaderMap, header};

/// The kinds of reply that a client takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accept {
    pub(super) json: bool,
    pub(super) events: bool,
}

impl Accept {
    /// Reads the `Accept` headers. A client that says nothing takes anything.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut found = Self { json: false, events: false };
        let mut said = false;
        for value in headers.get_all(header::ACCEPT) {
            for range in value.as_bytes().split(|byte| *byte == b',') {
                said = true;
                let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
                let kind = parts.next().unwrap_or_default();
                let refused = parts.any(|parameter| matches!(parameter, b"q=0" | b"q=0.0"));
                let is = |wanted: [&str; 3]| {
                    !refused && wanted.iter().any(|wanted| kind.eq_ignore_ascii_case(wanted.as_bytes()))
                };
                found.json |= is(["application/json", "application/*", "*/*"]);
                found.events |= is(["text/event-stream", "text/*", "*/*"]);
            }
        }
        if said { found } else { Self { json: true, events: true } }
    }
}

/// Whether the body is what the protocol says it is, and nothing that a web page can send without asking first.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let kind = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    kind.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_given_what_it_takes() {
        let of = |value: &str| {
            let (parts, ()) = http::Request::builder().header("accept", value).body(()).unwrap().into_parts();
            let Accept { json, events } = Accept::of(&parts.headers);
            (json, events)
        };
        assert_eq!(of("application/json, text/event-stream"), (true, true));
        assert_eq!(of("text/event-stream;q=0.9"), (false, true));
        assert_eq!(of("Application/JSON"), (true, false));
        assert_eq!(of("*/*"), (true, true));
        assert_eq!(of("text/event-stream;q=0, */*"), (true, true));
        assert_eq!(of("text/html"), (false, false));
    }
}
