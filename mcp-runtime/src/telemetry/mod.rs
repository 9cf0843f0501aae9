//! Spans for OpenTelemetry: they go to a collector by OTLP over HTTP, with the names of the semantic conventions for MCP and
//! GenAI.
//!
//! ```no_run
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let _telemetry = mcp::telemetry::init()?;
//!     mcp::server!().run().await?;
//!     Ok(())
//! }
//! ```
//!
//! Every request is a span `{method} {target}`, such as `tools/call add`, whose parent is the span that the caller names in
//! `traceparent` of its `_meta`; what a function does in spans of `tracing` lies below it. What is where is said by the
//! variables that OpenTelemetry has for that:
//!
//! | variable | what it says |
//! |---|---|
//! | `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` | where the collector is; without either nothing is sent |
//! | `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_EXPORTER_OTLP_TIMEOUT` | what is sent along, and how long it may take (10,000 ms) |
//! | `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` | what the server is called; otherwise as its binary is |
//! | `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG` | which traces are kept; otherwise as the caller says, and all that have none |
//! | `OTEL_BSP_SCHEDULE_DELAY` and its like | how spans are put together before they are sent |
//! | `OTEL_SDK_DISABLED=true`, `OTEL_TRACES_EXPORTER=none` | nothing is sent |
//!
//! The collector is spoken to without TLS: it stands beside the server, as OpenTelemetry advises, and goes on to others itself.

mod send;

use std::fmt;
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

use crate::server::text_log;
use send::Sender;

/// What is not yet sent at the end has so long to be.
const END: Duration = Duration::from_secs(5);

/// Sends spans for as long as it is held. Dropped, it sends what is left, for 5 seconds at most, in which it blocks the thread.
#[must_use = "dropped, it sends no more"]
#[derive(Debug)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

/// Why no spans can be sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum TelemetryError {
    /// A variable says something that cannot be.
    Variable {
        /// The variable's name.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The exporter cannot be set up.
    Exporter(Box<dyn std::error::Error + Send + Sync>),
    /// A subscriber is installed already: add [`layer`] to that one.
    Installed,
}

impl fmt::Display for TelemetryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable { name, problem } => write!(f, "the variable {name}: {problem}"),
            Self::Exporter(_) => f.write_str("spans cannot be exported"),
            Self::Installed => f.write_str("a subscriber is installed already: add `telemetry::layer` to it"),
        }
    }
}

impl std::error::Error for TelemetryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Exporter(source) => Some(&**source),
            Self::Variable { .. } | Self::Installed => None,
        }
    }
}

impl Telemetry {
    /// Whether spans are sent at all.
    pub fn is_sending(&self) -> bool {
        self.provider.is_some()
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(provider) = self.provider.take()
            && let Err(error) = provider.shutdown_with_timeout(END)
        {
            tracing::warn!(%error, "not all spans were sent");
        }
    }
}

/// Logs to standard error from the level INFO on, and sends spans where a variable says where to. Call it first in `main`, and
/// hold what it gives until the end.
///
/// # Errors
///
/// Where a variable makes no sense, or a subscriber is installed already.
pub fn init() -> Result<Telemetry, TelemetryError> {
    let (spans, telemetry) = layer()?;
    let log = text_log(LevelFilter::INFO);
    tracing_subscriber::registry().with(log).with(spans).try_init().map_err(|_| TelemetryError::Installed)?;
    Ok(telemetry)
}

/// The layer that sends spans, for a subscriber of your own.
///
/// ```no_run
/// use tracing_subscriber::prelude::*;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (spans, _telemetry) = mcp::telemetry::layer()?;
/// let log = tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr);
/// tracing_subscriber::registry().with(spans).with(log).init();
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// Where a variable makes no sense.
pub fn layer<S>() -> Result<(impl Layer<S> + Send + Sync, Telemetry), TelemetryError>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let provider = provider(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))?;
    let layer = provider.as_ref().map(|provider| {
        let spans = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("mcp"))
            // Where a request is in our code, and on which thread, is nobody's question.
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false);
        spans.with_filter(FilterFn::new(is_sent).with_max_level_hint(LevelFilter::DEBUG))
    });
    Ok((layer, Telemetry { provider }))
}

/// Requests, and what is said from INFO on.
fn is_sent(about: &Metadata<'_>) -> bool {
    *about.level() <= Level::INFO || about.target() == "mcp::request"
}

const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// What sends spans, if a variable says where to.
fn provider(variable: impl Fn(&str) -> Option<String>) -> Result<Option<SdkTracerProvider>, TelemetryError> {
    let is = |name: &str, value: &str| variable(name).is_some_and(|found| found.eq_ignore_ascii_case(value));
    let named = ENDPOINTS.into_iter().find_map(|name| Some((name, variable(name)?)));
    let Some((name, endpoint)) = named else { return Ok(None) };
    if is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none") {
        return Ok(None);
    }
    if !endpoint.starts_with("http://") {
        // It is not repeated: a password may stand in it.
        let problem = match endpoint.starts_with("https://") {
            true => {
                "the collector is spoken to without TLS: say where one stands beside the server, as in \"http://localhost:4318\""
            }
            false => "it is not the URL of a collector, as in \"http://localhost:4318\"",
        };
        let problem = problem.to_owned();
        return Err(TelemetryError::Variable { name, problem });
    }
    for name in ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"] {
        if variable(name).is_some_and(|protocol| protocol != "http/protobuf") {
            let problem = "only \"http/protobuf\" is spoken".to_owned();
            return Err(TelemetryError::Variable { name, problem });
        }
    }
    let timeout = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
    let timeout = timeout.into_iter().find_map(&variable).and_then(|ms| ms.trim().parse().ok());
    let sender = Sender::start(Duration::from_millis(timeout.unwrap_or(10_000)))
        .map_err(|error| TelemetryError::Exporter(error.into()))?;
    let exporter = SpanExporter::builder().with_http().with_http_client(sender).build();
    let exporter = exporter.map_err(|error| TelemetryError::Exporter(error.into()))?;
    Ok(Some(
        SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource(&variable)).build(),
    ))
}

/// What the server is called.
fn resource(variable: impl Fn(&str) -> Option<String>) -> Resource {
    let named = variable("OTEL_SERVICE_NAME").is_some()
        || variable("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|said| said.contains("service.name="));
    let binary = std::env::current_exe().ok();
    let binary = binary.as_deref().and_then(|path| path.file_stem()).and_then(|name| name.to_str());
    match binary {
        Some(binary) if !named => Resource::builder().with_service_name(binary.to_owned()).build(),
        _ => Resource::builder().build(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<bool, String> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        provider(variable).map(|provider| provider.is_some()).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_sent_unless_a_variable_says_where_to() {
        const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
        assert_eq!(of(&[]), Ok(false));
        assert_eq!(of(&[ENDPOINT]), Ok(true));
        assert_eq!(of(&[ENDPOINT, ("OTEL_SDK_DISABLED", "True")]), Ok(false));
        assert_eq!(of(&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "none")]), Ok(false));
    }

    #[test]
    fn what_cannot_be_is_said_with_the_name_of_the_variable() {
        for (endpoint, said) in [("https://ada:hush@c", "without TLS"), ("ada:hush@c", "not the URL")] {
            let refused = of(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]).unwrap_err();
            assert!(refused.starts_with("the variable OTEL_EXPORTER_OTLP_ENDPOINT: "), "{refused}");
            assert!(refused.contains(said) && !refused.contains("hush"), "{refused}");
        }
        let grpc = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")];
        let refused = of(&grpc).unwrap_err();
        assert_eq!(refused, "the variable OTEL_EXPORTER_OTLP_PROTOCOL: only \"http/protobuf\" is spoken");
    }
}
