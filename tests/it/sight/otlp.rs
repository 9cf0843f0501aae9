//! Spans on their way to a collector, which reads them with the official message types.

use std::process::Stdio;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use prost::Message;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::mpsc;

use super::{MARKER, PARENT, TRACE};
use crate::wire::{example, stateless};

/// A span, and what is known of the program that it comes from.
struct Received {
    resource: Vec<KeyValue>,
    span: Span,
}

/// Something that takes spans, and gives them to the test.
async fn collector() -> (String, mpsc::UnboundedReceiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let sender = sender.clone();
            let take = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let sender = sender.clone();
                async move {
                    assert_eq!(request.uri().path(), "/v1/traces");
                    assert_eq!(request.headers()["content-type"], "application/x-protobuf");
                    assert_eq!(request.headers()["x-key"], "abc");
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    for spans in ExportTraceServiceRequest::decode(body).unwrap().resource_spans {
                        let resource = spans.resource.unwrap_or_default().attributes;
                        for span in spans.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                            let _ = sender.send(Received { resource: resource.clone(), span });
                        }
                    }
                    let answer = ExportTraceServiceResponse::default().encode_to_vec();
                    let answer = http_body_util::Full::new(bytes::Bytes::from(answer));
                    Ok::<_, std::convert::Infallible>(http::Response::new(answer))
                }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), take),
            );
        }
    });
    (url, received)
}

fn text<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Any::StringValue(text) => Some(text),
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the example sends of these messages, until it ends.
async fn spans_of(messages: &[Value]) -> Vec<Received> {
    let (url, mut received) = collector().await;
    let mut server = Command::new(example("observed"))
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-key=abc")
        .env("OTEL_SERVICE_NAME", "stock")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("build it with `cargo build --examples`");
    let mut input = server.stdin.take().unwrap();
    let mut output = BufReader::new(server.stdout.take().unwrap()).lines();
    for message in messages {
        input.write_all(format!("{message}\n").as_bytes()).await.unwrap();
        output.next_line().await.unwrap().unwrap();
    }
    drop(input);
    // What was not sent yet is sent at the end.
    let ended =
        tokio::time::timeout(Duration::from_secs(20), server.wait()).await.expect("it does not end").unwrap();
    assert!(ended.success());
    let mut all = Vec::new();
    while let Ok(span) = received.try_recv() {
        all.push(span);
    }
    all
}

fn call(tool: &str, arguments: Value) -> Value {
    let meta = json!({"traceparent": PARENT, "tracestate": "vendor=1"});
    stateless(1, "tools/call", json!({"name": tool, "arguments": arguments, "_meta": meta}))
}

#[tokio::test]
async fn a_call_over_the_wire_belongs_to_the_trace_of_its_caller() {
    let received = spans_of(&[call("in_stock", json!({}))]).await;
    let [Received { resource, span }] = &*received else { panic!("{} spans", received.len()) };
    assert_eq!(text(resource, "service.name"), Some("stock"));
    assert_eq!(span.name, "tools/call in_stock");
    assert_eq!(span.kind(), SpanKind::Server);
    assert_eq!((hex(&span.trace_id), hex(&span.parent_span_id)), (TRACE.into(), "00f067aa0ba902b7".into()));
    assert_eq!(span.trace_state, "vendor=1");
    assert_eq!(text(&span.attributes, "mcp.method.name"), Some("tools/call"));
    assert_eq!(text(&span.attributes, "gen_ai.operation.name"), Some("execute_tool"));
    assert_eq!(text(&span.attributes, "gen_ai.tool.name"), Some("in_stock"));
    assert_eq!(text(&span.attributes, "mcp.protocol.version"), Some(crate::wire::STATELESS));
    assert_eq!(text(&span.attributes, "error.type"), None);
    assert_eq!(span.events.len(), 1, "what it logs belongs to it");
}

#[tokio::test]
async fn what_a_function_does_lies_below_its_call_also_where_it_blocks() {
    let received = spans_of(&[call("count", json!({}))]).await;
    let of = |name: &str| &received.iter().find(|found| found.span.name == name).expect(name).span;
    let (request, counting) = (of("tools/call count"), of("counting"));
    assert_eq!(counting.parent_span_id, request.span_id);
    assert_eq!(hex(&counting.trace_id), TRACE);
}

#[tokio::test]
async fn a_tool_that_fails_is_an_error_and_no_secret_is_sent() {
    let received = spans_of(&[call("take", json!({"pieces": 300, "pin": MARKER}))]).await;
    let span = &received[0].span;
    assert_eq!(span.status.as_ref().unwrap().code(), StatusCode::Error);
    assert_eq!(text(&span.attributes, "error.type"), Some("tool_error"));
    assert!(!format!("{span:?}").contains(MARKER), "{span:?}");
}

#[tokio::test]
async fn without_a_caller_a_call_begins_a_trace_of_its_own() {
    let received =
        spans_of(&[stateless(1, "tools/call", json!({"name": "in_stock", "arguments": {}}))]).await;
    let span = &received[0].span;
    assert!(span.parent_span_id.is_empty() && span.trace_id.len() == 16);
    assert!(span.trace_id.iter().any(|byte| *byte != 0));
}
