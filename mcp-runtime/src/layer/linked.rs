//! The span of a request belongs to the trace of whoever sent it, as its `_meta` says (W3C Trace Context).

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::model::Facts;

/// Says so to the layer of `tracing-opentelemetry`, where there is one.
pub(super) fn to_caller(span: &Span, facts: &Facts) {
    let parent =
        facts.trace_parent.as_deref().and_then(|parent| caller(parent, facts.trace_state.as_deref()));
    if let Some(parent) = parent {
        // Without such a layer nobody need know.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
}

/// The span that a `traceparent` names, whose form is right.
fn caller(parent: &str, state: Option<&str>) -> Option<SpanContext> {
    let mut parts = parent.split('-').skip(1);
    let trace = TraceId::from_hex(parts.next()?).ok()?;
    let span = SpanId::from_hex(parts.next()?).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(parts.next()?, 16).ok()?) & TraceFlags::SAMPLED;
    // What vendors say of a trace goes on with it; what cannot be read is left out.
    let state = state.and_then(|state| state.parse::<TraceState>().ok()).unwrap_or_default();
    let caller = SpanContext::new(trace, span, flags, true, state);
    caller.is_valid().then_some(caller)
}
