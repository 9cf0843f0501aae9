//! The audit: a record for every request, refused ones too, and none of a secret.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use mcp::{Audit, AuditArguments, AuditRecord, AuditSink, Peer, Rate, RateLimits, Server};
use serde_json::{Value, json};

use super::{MARKER, TRACE, builder, call, given_up, peer, send, signing_in};
use crate::wire::{STATEFUL, stateless};

/// Lines to the test.
struct Lines(Sender<Vec<u8>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lines() -> (Audit, Receiver<Vec<u8>>) {
    let (sender, lines) = channel();
    (Audit::writer(Lines(sender)), lines)
}

fn text(server: &Server, lines: &Receiver<Vec<u8>>) -> String {
    server.flush_audit();
    String::from_utf8(lines.try_iter().flatten().collect()).unwrap()
}

/// What stands in the audit since it was last read.
fn records(server: &Server, lines: &Receiver<Vec<u8>>) -> Vec<Value> {
    text(server, lines).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_record_says_who_asked_for_what_and_what_came_of_it() {
    let (audit, lines) = lines();
    let server = builder().audit(audit).build().unwrap();
    send(&server, &peer(), &call("sum", json!({"b": 2, "a": 1}))).await;
    let records = records(&server, &lines);
    let [record] = &*records else { panic!("{records:?}") };
    let mut record = record.clone();
    let time = record["time"].take();
    let form = time.as_str().unwrap();
    assert!(form.len() == 24 && form.ends_with('Z') && form.contains('T'), "{form}");
    assert!(record["duration_ms"].take().is_f64());
    assert_eq!(
        record,
        json!({
            "time": null, "duration_ms": null,
            "correlation_id": TRACE,
            "method": "tools/call",
            "name": "sum",
            "outcome": "ok",
            "principal": {"issuer": "https://issuer.example", "subject": "ada", "client": "desk"},
            "address": "192.0.2.7",
            "program": "desk app",
            "arguments": ["a", "b"],
        })
    );
}

#[tokio::test]
async fn whatever_becomes_of_a_request_is_recorded() {
    let (audit, lines) = lines();
    let limits = RateLimits::none().function("known_as", Rate::per_hour(1));
    let server = builder().rate_limits(limits).audit(audit).build().unwrap();
    let nobody = Peer::connection();
    send(&server, &peer(), &call("guarded", json!({}))).await;
    send(&server, &nobody, &call("guarded", json!({}))).await;
    send(&server, &peer(), &call("sum", json!({"a": 1}))).await;
    send(&server, &peer(), &signing_in("nobody")).await;
    send(&server, &peer(), &call("breaks", json!({}))).await;
    send(&server, &peer(), &call("panics", json!({}))).await;
    given_up(&server).await;
    send(&server, &peer(), &call("known_as", json!({}))).await;
    send(&server, &peer(), &call("known_as", json!({}))).await;
    send(&server, &peer(), &call("no_such_tool", json!({}))).await;
    send(&server, &peer(), &stateless(1, "resources/read", json!({"uri": "reports://2026/abc"}))).await;
    send(&server, &peer(), &stateless(1, "resources/read", json!({"uri": "other://x?key=1"}))).await;
    send(
        &server,
        &peer(),
        &stateless(1, "prompts/get", json!({"name": "greet", "arguments": {"name": "Ada"}})),
    )
    .await;
    send(&server, &peer(), &stateless(1, "tools/list", json!({}))).await;
    send(&server, &peer(), &stateless(1, "no/such", json!({}))).await;
    let busy =
        server.handle(call("sum", json!({"a": 1, "b": 2})).to_string().as_bytes(), &peer()).refuse_busy();
    assert_eq!(busy.status(), 503);
    let found: Vec<_> = records(&server, &lines)
        .iter()
        .map(|record| {
            let text = |member: &str| record[member].as_str().unwrap_or("-").to_owned();
            assert!(record["correlation_id"].as_str().is_some_and(|id| id.len() == 32), "{record}");
            format!("{} {} {} {}", text("method"), text("name"), text("outcome"), text("limit"))
        })
        .collect();
    assert_eq!(
        found,
        [
            "tools/call guarded ok -",
            "tools/call guarded forbidden -",
            "tools/call sum input -",
            "tools/call sign_in fatal -",
            "tools/call breaks unexpected -",
            "tools/call panics panicked -",
            "tools/call waits cancelled -",
            "tools/call known_as ok -",
            "tools/call known_as refused rate",
            "tools/call no_such_tool input -",
            "resources/read reports://{year}/{token} ok -",
            "resources/read other://x input -",
            "prompts/get greet ok -",
            "tools/list - ok -",
            "no/such - input -",
            "tools/call sum refused in_flight",
        ]
    );
}

#[tokio::test]
async fn a_session_of_a_stateful_client_is_named_but_not_by_its_secret() {
    let (audit, lines) = lines();
    let server = builder().audit(audit).build().unwrap();
    let peer = peer();
    let hello = json!({"protocolVersion": STATEFUL, "capabilities": {}, "clientInfo": {"name": "old app", "version": "1"}});
    send(&server, &peer, &json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})).await;
    for tool in ["sum", "no_such_tool"] {
        let params = json!({"name": tool, "arguments": {"a": 1, "b": 2}});
        send(&server, &peer, &json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params}))
            .await;
    }
    let records = records(&server, &lines);
    let [good, bad] = &*records else { panic!("{records:?}") };
    assert_eq!((&good["outcome"], &bad["outcome"]), (&json!("ok"), &json!("input")));
    assert_eq!(good["program"], "old app");
    assert!(good["session"].is_string() && good["session"] == bad["session"]);
}

#[tokio::test]
async fn arguments_are_recorded_by_name_unless_the_author_says_otherwise_and_secrets_never() {
    let signed_in = |arguments: Option<AuditArguments>| async move {
        let (audit, lines) = lines();
        let audit = arguments.into_iter().fold(audit, Audit::arguments);
        let server = builder().audit(audit).build().unwrap();
        send(&server, &peer(), &signing_in("ada")).await;
        let read = json!({"uri": format!("reports://2026/{MARKER}")});
        send(&server, &peer(), &stateless(1, "resources/read", read)).await;
        let text = text(&server, &lines);
        assert!(!text.contains(MARKER), "{text}");
        let record: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        record["arguments"].clone()
    };
    assert_eq!(signed_in(None).await, json!(["options", "pin", "user"]));
    assert_eq!(signed_in(Some(AuditArguments::Off)).await, Value::Null);
    assert_eq!(
        signed_in(Some(AuditArguments::Redacted)).await,
        json!({
            "user": "ada",
            "pin": "(secret)",
            "options": {"nested": [{"api_key": "(secret)"}], "colour": "blue"},
        })
    );
}

#[tokio::test]
async fn what_callers_write_is_cut() {
    let (audit, lines) = lines();
    let server = builder().audit(audit.arguments(AuditArguments::Redacted)).build().unwrap();
    let deep = (0..20).fold(json!(1), |inner, _| json!([inner]));
    let many: Vec<_> = (0..1000).collect();
    let options = json!({"long": "x".repeat(10_000), "deep": deep, "many": many});
    send(
        &server,
        &peer(),
        &call("sign_in", json!({"user": "y".repeat(100_000), "pin": "1", "options": options})),
    )
    .await;
    send(&server, &peer(), &call(&"z".repeat(100_000), json!({}))).await;
    let text = text(&server, &lines);
    assert_eq!(text.lines().count(), 2);
    assert!(text.len() < 2000, "{}", text.len());
}

#[tokio::test]
async fn a_record_has_an_end_however_much_a_caller_sends() {
    let (audit, lines) = lines();
    let server = builder().audit(audit.arguments(AuditArguments::Redacted)).build().unwrap();
    let list = |inner: Value| Value::Array(vec![inner; 20]);
    let wide = list(list(list(json!("xxx"))));
    for _ in 0..2 {
        send(&server, &peer(), &call("sign_in", json!({"user": "ada", "pin": "1", "options": {"a": wide}})))
            .await;
    }
    let text = text(&server, &lines);
    assert_eq!(text.lines().count(), 2);
    assert!(text.len() < 2 * 20_000, "{}", text.len());
}

/// Takes what it is given in pieces, as a file does.
struct Pieces(Sender<Vec<u8>>);

impl io::Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn lines_of_two_processes_with_one_file_stay_apart() {
    let (sender, pieces) = channel();
    let audit = Audit::writer(Pieces(sender)).arguments(AuditArguments::Redacted);
    let server = builder().audit(audit).build().unwrap();
    let long = json!({"a": vec![vec!["x".repeat(30); 20]; 20]});
    for options in [long, json!({"b": 1})] {
        send(&server, &peer(), &call("sign_in", json!({"user": "ada", "pin": "1", "options": options})))
            .await;
    }
    server.flush_audit();
    let pieces: Vec<_> = pieces.try_iter().collect();
    assert!(pieces.iter().any(|piece| piece.len() > 8192));
    for piece in pieces {
        let piece = String::from_utf8(piece).unwrap();
        assert!(piece.starts_with('{') && piece.ends_with("}\n"), "{piece}");
    }
}

/// A sink that waits at its first record until it is told to go on.
#[derive(Debug)]
struct Slow {
    open: Arc<(Mutex<bool>, Condvar)>,
    written: Sender<Result<String, u64>>,
}

impl AuditSink for Slow {
    fn write(&mut self, record: &AuditRecord) -> io::Result<()> {
        let (open, opened) = &*self.open;
        drop(opened.wait_while(open.lock().unwrap(), |open| !*open).unwrap());
        self.written.send(Ok(record.to_json())).map_err(io::Error::other)
    }

    fn lost(&mut self, records: u64) -> io::Result<()> {
        self.written.send(Err(records)).map_err(io::Error::other)
    }
}

#[tokio::test]
async fn a_slow_audit_delays_no_call_and_says_what_it_lost() {
    let open = Arc::new((Mutex::new(false), Condvar::new()));
    let (written, said) = channel();
    let audit = Audit::sink(Slow { open: open.clone(), written }).queue(10);
    let server = builder().metrics().audit(audit).build().unwrap();
    let calls = async {
        for _ in 0..100 {
            send(&server, &peer(), &call("sum", json!({"a": 1, "b": 2}))).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), calls).await.expect("calls waited for the audit");
    *open.0.lock().unwrap() = true;
    open.1.notify_all();
    server.flush_audit();
    let said: Vec<_> = said.try_iter().collect();
    let kept = said.iter().filter(|said| said.is_ok()).count();
    let lost: u64 = said.iter().filter_map(|said| said.as_ref().err()).sum();
    assert_eq!(kept as u64 + lost, 100);
    assert!((10..=11).contains(&kept), "{kept}");
    let counts = server.metrics().unwrap();
    assert!(counts.contains(&format!("\nmcp_audit_lost_total {lost}\n")), "{counts}");
}

/// A sink that fails in every way.
#[derive(Debug)]
struct Broken(u8);

impl AuditSink for Broken {
    fn write(&mut self, _: &AuditRecord) -> io::Result<()> {
        self.0 += 1;
        if self.0.is_multiple_of(2) { panic!("on purpose") } else { Err(io::Error::other("no space left")) }
    }
}

#[tokio::test]
async fn a_broken_audit_breaks_no_call_and_is_counted() {
    let server = builder().metrics().audit(Audit::sink(Broken(0))).build().unwrap();
    for _ in 0..4 {
        let answer = send(&server, &peer(), &call("sum", json!({"a": 1, "b": 2}))).await;
        assert_eq!(crate::wire::text(&answer), "3");
    }
    server.flush_audit();
    assert!(server.metrics().unwrap().contains("\nmcp_audit_lost_total 4\n"));
}

#[tokio::test]
async fn a_file_is_appended_to_and_readable_by_its_owner_alone() {
    let path = std::env::temp_dir().join(format!("mcp-audit-{}.jsonl", std::process::id()));
    for _ in 0..2 {
        let server = builder().audit(Audit::file(&path).unwrap()).build().unwrap();
        send(&server, &peer(), &call("sum", json!({"a": 1, "b": 2}))).await;
        // Whoever drops the server has the audit written.
        drop(server);
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(kept.lines().count(), 2, "{kept}");
}
