//! The counts as Prometheus reads them: the text exposition format, version 0.0.4.

use std::fmt::{Display, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{LIMITS, Metrics, STATUSES, Unknown, process};
use crate::layer::Outcome;
use crate::server::Server;
use crate::sight::upstreams::Watched;
use crate::{BreakerState, ToolCounts, UpstreamStats};

/// All counts of a server.
pub(in crate::sight) fn expose(server: &Server, metrics: &Metrics) -> String {
    let mut text = Text(String::with_capacity(16 * 1024));
    text.family("mcp_build_info", "gauge", "The server's name and version.");
    text.sample("mcp_build_info", &[("name", server.name()), ("version", server.version())], 1);
    requests(&mut text, metrics);
    tools(&mut text, server);
    text.family("mcp_unknown_total", "counter", "Requests for what is not there.");
    for (unknown, count) in Unknown::ALL.iter().zip(&metrics.unknown) {
        text.sample("mcp_unknown_total", &[("kind", unknown.name())], count.load(Ordering::Relaxed));
    }
    text.family("mcp_client_requests_total", "counter", "Requests by what the client calls itself.");
    for (client, count) in metrics.clients.read() {
        text.sample("mcp_client_requests_total", &[("client", &client)], count);
    }
    text.family("mcp_limits_hit_total", "counter", "Requests that a limit kept from being served.");
    for (limit, count) in LIMITS.iter().zip(metrics.limits.iter()) {
        text.sample("mcp_limits_hit_total", &[("limit", limit)], count.load(Ordering::Relaxed));
    }
    text.family("mcp_http_refused_total", "counter", "HTTP requests that were not let in, by status.");
    for ((_, status), count) in STATUSES.iter().zip(&metrics.turned_away) {
        text.sample("mcp_http_refused_total", &[("status", status)], count.load(Ordering::Relaxed));
    }
    now(&mut text, server, metrics);
    upstreams(&mut text, &server.shared.sight.upstreams);
    for process::Figure { name, kind, help, value } in process::figures() {
        text.family(name, kind, help);
        text.sample(name, &[], value);
    }
    text.0
}

/// How often what was asked for, how long it took, how it ended, and what it gave.
fn requests(text: &mut Text, metrics: &Metrics) {
    const TOOK: &str = "mcp_server_operation_duration_seconds";
    let mut series: Vec<_> = metrics.series.values().collect();
    series.sort_by_key(|series| (series.method, series.name));
    let read = || {
        series.iter().flat_map(|series| {
            let outcomes = Outcome::ALL.iter().zip(&series.outcomes);
            outcomes.filter_map(move |(outcome, histogram)| Some((series, outcome, histogram.get()?.read())))
        })
    };
    text.family(TOOK, "histogram", "How long requests took, by how they ended.");
    for (series, outcome, read) in read() {
        let labels = [("method", series.method), ("name", series.name), ("outcome", outcome.name())];
        let all = read.buckets.iter().map(|(bound, count)| (*bound, *count)).chain([("+Inf", read.count)]);
        for (bound, count) in all {
            let [method, name, outcome] = labels;
            text.sample(&format!("{TOOK}_bucket"), &[method, name, outcome, ("le", bound)], count);
        }
        text.sample(&format!("{TOOK}_sum"), &labels, read.seconds);
        text.sample(&format!("{TOOK}_count"), &labels, read.count);
    }
    text.family("mcp_errors_total", "counter", "Requests that failed, results with isError among them.");
    for (series, outcome, read) in read() {
        if let Outcome::Failed(kind) = outcome {
            let labels = [("method", series.method), ("name", series.name), ("kind", kind.name())];
            text.sample("mcp_errors_total", &labels, read.count);
        }
    }
    text.family("mcp_result_bytes_total", "counter", "Bytes of results that functions gave.");
    for series in series.iter().filter(|series| !series.name.is_empty()) {
        let labels = [("method", series.method), ("name", series.name)];
        text.sample("mcp_result_bytes_total", &labels, series.bytes.load(Ordering::Relaxed));
    }
}

/// Where models and tools do not understand each other.
fn tools(text: &mut Text, server: &Server) {
    let counts = server.counts();
    let by_kind = |text: &mut Text, name: &str, help: &str, kinds: fn(&ToolCounts) -> &super::Kinds| {
        text.family(name, "counter", help);
        for (tool, counts) in &counts {
            for (kind, count) in kinds(counts) {
                text.sample(name, &[("tool", tool), ("kind", kind)], *count);
            }
        }
    };
    let help = "Calls that were refused for their arguments.";
    by_kind(text, "mcp_argument_faults_total", help, |counts| &counts.refused);
    let help = "Arguments that were not right and were mended.";
    by_kind(text, "mcp_arguments_mended_total", help, |counts| &counts.mended);
    text.family("mcp_broken_outputs_total", "counter", "Results that were not what their schema says.");
    for (tool, counts) in &counts {
        text.sample("mcp_broken_outputs_total", &[("tool", tool)], counts.broken_outputs);
    }
    text.family("mcp_deprecated_calls_total", "counter", "Calls of tools that are deprecated.");
    for (tool, counts) in &counts {
        text.sample("mcp_deprecated_calls_total", &[("tool", tool)], counts.deprecated);
    }
}

/// How things stand just now.
fn now(text: &mut Text, server: &Server, metrics: &Metrics) {
    let mut one = |name: &str, kind: &str, help: &str, value: &dyn Display| {
        text.family(name, kind, help);
        text.sample(name, &[], value);
    };
    let in_flight = metrics.in_flight.load(Ordering::Relaxed);
    one("mcp_in_flight", "gauge", "Requests that are under way.", &in_flight);
    one("mcp_sessions", "gauge", "Sessions of stateful clients over HTTP.", &server.shared.sessions.count());
    let help = "Functions at work that are not async and block a thread.";
    one("mcp_blocking_calls", "gauge", help, &server.blocking_calls());
    let lost = server.shared.sight.audit().map_or(0, |audit| audit.lost());
    one("mcp_audit_lost_total", "counter", "Records that the audit had no room for.", &lost);
    text.family("mcp_breaker_state", "gauge", "1 for the state that the breaker of a function is in.");
    for breaker in server.breakers() {
        let is = word(breaker.state);
        for state in STATES {
            let labels = [("kind", breaker.kind), ("name", breaker.name), ("state", state)];
            text.sample("mcp_breaker_state", &labels, u8::from(state == is));
        }
    }
}

/// How those do whom functions ask.
fn upstreams(text: &mut Text, upstreams: &[Arc<dyn Watched>]) {
    let stats: Vec<_> = upstreams.iter().map(|upstream| (upstream.name(), upstream.stats())).collect();
    let mut each = |name: &str, help: &str, value: fn(&UpstreamStats) -> f64| {
        text.family(name, "counter", help);
        for (upstream, stats) in &stats {
            text.sample(name, &[("upstream", upstream)], value(stats));
        }
    };
    each("mcp_upstream_calls_total", "Calls of others.", |stats| stats.calls as f64);
    each("mcp_upstream_failures_total", "Calls of others that gave no result.", |stats| stats.failed as f64);
    each("mcp_upstream_retries_total", "Attempts beyond the first.", |stats| stats.retries as f64);
    let help = "Calls that the breaker of the upstream kept away.";
    each("mcp_upstream_refused_total", help, |stats| stats.refused as f64);
    let help = "How long all attempts took together.";
    each("mcp_upstream_seconds_total", help, |stats| stats.time.as_secs_f64());
    text.family("mcp_upstream_state", "gauge", "1 for the state that the breaker of an upstream is in.");
    for upstream in upstreams {
        let Some(is) = upstream.state().map(word) else { continue };
        for state in STATES {
            let labels = [("upstream", upstream.name()), ("state", state)];
            text.sample("mcp_upstream_state", &labels, u8::from(state == is));
        }
    }
}

const STATES: [&str; 3] = ["closed", "open", "half_open"];

fn word(state: BreakerState) -> &'static str {
    match state {
        BreakerState::Closed { .. } => "closed",
        BreakerState::Open { .. } => "open",
        BreakerState::HalfOpen => "half_open",
    }
}

struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // A text takes whatever is written.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (at, (label, content)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"", if at == 0 { '{' } else { ',' });
            for c in content.chars() {
                match c {
                    '\\' | '"' => self.0.extend(['\\', c]),
                    '\n' => self.0.push_str("\\n"),
                    c => self.0.push(c),
                }
            }
            self.0.push('"');
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}
