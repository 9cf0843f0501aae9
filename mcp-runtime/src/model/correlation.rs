//! The id that stands for a request wherever something is said of it.

use std::sync::OnceLock;

/// It is made when somebody first asks for it: most requests pass without anything being said of them.
#[derive(Debug, Default)]
pub(crate) struct Correlation(OnceLock<Box<str>>);

impl Correlation {
    /// The caller's trace id, where he named one; a random one of the same form otherwise.
    pub(crate) fn id(&self, trace_parent: Option<&str>) -> &str {
        self.0.get_or_init(|| trace_parent.and_then(trace_id).unwrap_or_else(random))
    }
}

/// The trace id of a `traceparent` whose form is right; zeros name no trace.
fn trace_id(trace_parent: &str) -> Option<Box<str>> {
    let id = trace_parent.split('-').nth(1)?;
    id.bytes().any(|byte| byte != b'0').then(|| id.to_ascii_lowercase().into())
}

fn random() -> Box<str> {
    let mut bytes = [0; 16];
    // Without randomness it is all zeros, and what was said of the request is still there.
    let _ = getrandom::fill(&mut bytes);
    format!("{:032x}", u128::from_ne_bytes(bytes)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_callers_trace_or_one_of_its_own_and_never_changes() {
        let parent = "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(Correlation::default().id(Some(parent)), "4bf92f3577b34da6a3ce929d0e0e4736");
        let zeros = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        let correlation = Correlation::default();
        let made = correlation.id(Some(zeros)).to_owned();
        assert!(made.len() == 32 && made.bytes().any(|byte| byte != b'0'), "{made}");
        assert_eq!(correlation.id(Some(parent)), made);
        assert_ne!(Correlation::default().id(None), made);
    }
}
