//! A span for every request, with the names of the semantic conventions.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::{MARKER, TRACE, builder, call, given_up, peer, send, signing_in};
use crate::wire::stateless;

type Fields = BTreeMap<String, String>;

/// The spans of requests, and for each event in one of them the id of its span.
#[derive(Clone, Default)]
struct Seen {
    spans: Arc<Mutex<Vec<(u64, Fields)>>>,
    events: Arc<Mutex<Vec<Option<u64>>>>,
}

struct Collect<'a>(&'a mut Fields);

impl Visit for Collect<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().into(), format!("{value:?}").trim_matches('"').into());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Seen {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        if attributes.metadata().target() == "mcp::request" {
            let mut fields = Fields::new();
            attributes.record(&mut Collect(&mut fields));
            self.spans.lock().unwrap().push((id.into_u64(), fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut spans = self.spans.lock().unwrap();
        if let Some((_, fields)) = spans.iter_mut().rev().find(|(known, _)| *known == id.into_u64()) {
            values.record(&mut Collect(fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        if event.metadata().target() == "mcp_test" {
            self.events.lock().unwrap().push(cx.event_span(event).map(|span| span.id().into_u64()));
        }
    }
}

impl Seen {
    /// Sees what happens on this thread.
    fn here() -> (Self, tracing::subscriber::DefaultGuard) {
        let seen = Self::default();
        let subscriber = tracing_subscriber::registry().with(seen.clone().with_filter(LevelFilter::DEBUG));
        (seen, tracing::subscriber::set_default(subscriber))
    }

    fn take(&self) -> Vec<Fields> {
        self.spans.lock().unwrap().drain(..).map(|(_, fields)| fields).collect()
    }
}

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_call_has_a_span_with_the_names_of_the_conventions() {
    let (seen, _guard) = Seen::here();
    let server = builder().build().unwrap();
    send(&server, &peer(), &call("sum", json!({"a": 1, "b": 2}))).await;
    let expected = [
        ("otel.name", "tools/call sum"),
        ("otel.kind", "server"),
        ("correlation.id", TRACE),
        ("mcp.method.name", "tools/call"),
        ("mcp.protocol.version", crate::wire::STATELESS),
        ("mcp.outcome", "ok"),
        ("jsonrpc.request.id", "1"),
        ("gen_ai.operation.name", "execute_tool"),
        ("gen_ai.tool.name", "sum"),
        ("client.address", "192.0.2.7"),
    ];
    assert_eq!(seen.take(), [fields(&expected)]);
}

#[tokio::test]
async fn names_are_made_of_what_is_published_and_never_of_what_callers_write() {
    let (seen, _guard) = Seen::here();
    let server = builder().build().unwrap();
    for (method, params, name) in [
        (
            "resources/read",
            json!({"uri": format!("reports://2026/{MARKER}")}),
            "resources/read reports://{year}/{token}",
        ),
        ("prompts/get", json!({"name": "greet", "arguments": {"name": MARKER}}), "prompts/get greet"),
        ("tools/list", json!({}), "tools/list"),
    ] {
        send(&server, &peer(), &stateless("a", method, params)).await;
        let spans = seen.take();
        assert_eq!(spans[0]["otel.name"], name);
        assert_eq!(spans[0]["jsonrpc.request.id"], "a");
        assert!(!format!("{spans:?}").contains(MARKER), "{spans:?}");
    }
}

#[tokio::test]
async fn a_call_that_fails_is_an_error_in_its_span_also_where_the_answer_is_a_result() {
    let (seen, _guard) = Seen::here();
    let server = builder().build().unwrap();
    let ended = |fields: &Fields| {
        let of = |name: &str| fields.get(name).cloned().unwrap_or_else(|| "-".into());
        [of("mcp.outcome"), of("otel.status_code"), of("error.type"), of("rpc.response.status_code")]
            .join(" ")
    };
    for (message, expected) in [
        (signing_in("nobody"), "fatal ERROR tool_error -"),
        (call("sum", json!({"a": 1})), "input ERROR tool_error -"),
        (call("panics", json!({})), "panicked ERROR panicked -"),
        (stateless(1, "prompts/get", json!({"name": "greet"})), "input ERROR -32602 -32602"),
    ] {
        send(&server, &peer(), &message).await;
        let spans = seen.take();
        assert_eq!(ended(&spans[0]), expected, "{message}");
        assert!(!format!("{spans:?}").contains(MARKER), "{spans:?}");
    }
    given_up(&server).await;
    assert_eq!(ended(&seen.take()[0]), "cancelled - - -");
}

#[tokio::test]
async fn what_a_function_logs_belongs_to_its_call() {
    let (seen, _guard) = Seen::here();
    let server = builder().build().unwrap();
    tracing::debug!(target: "mcp_test", "outside");
    send(&server, &peer(), &call("logs", json!({}))).await;
    let span = seen.spans.lock().unwrap()[0].0;
    assert_eq!(*seen.events.lock().unwrap(), [None, Some(span)]);
}

/// Logs.
#[mcp::tool]
async fn logs() {
    tracing::debug!(target: "mcp_test", "inside");
}
