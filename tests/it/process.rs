//! Servers as processes: how they end, what they print, and what happens when the other side does not behave.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use crate::record::{Record, Stream};
use crate::wire::{Process, example, start, stateless};

async fn call(process: &mut Process, id: u64, tool: &str, arguments: Value) {
    let message = stateless(id, "tools/call", json!({"name": tool, "arguments": arguments}));
    process.send(message.to_string().as_bytes()).await;
}

async fn read_all(process: &mut Process) -> Vec<Value> {
    let mut all = Vec::new();
    process.stdout.read_to_end(&mut all).await.unwrap();
    let text = String::from_utf8(all).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn terminate(process: &Process) {
    let id = process.child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
}

/// The process ends by itself, with code 0, and within the limit.
async fn ends_well(process: &mut Process, limit: Duration) {
    let begun = Instant::now();
    let status = tokio::time::timeout(Duration::from_secs(20), process.child.wait())
        .await
        .expect("it goes on")
        .unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(begun.elapsed() < limit, "it took {:?}", begun.elapsed());
}

/// The drain limit, and what a machine at work may take on top.
const LIMIT: Duration = Duration::from_secs(8);

#[tokio::test]
async fn the_end_of_input_ends_the_process_after_what_was_asked_is_answered() {
    let mut process = start("everything", &[]);
    for id in 0..20 {
        call(&mut process, id, "sleep", json!({"ms": 200})).await;
    }
    drop(process.stdin.take());
    let answers = read_all(&mut process).await;
    assert_eq!(answers.len(), 20);
    ends_well(&mut process, LIMIT).await;
}

#[tokio::test]
async fn the_last_line_needs_no_line_end() {
    let mut process = start("everything", &[]);
    let message = stateless(1, "server/discover", json!({})).to_string();
    process.stdin.as_mut().unwrap().write_all(message.as_bytes()).await.unwrap();
    drop(process.stdin.take());
    assert_eq!(read_all(&mut process).await.len(), 1);
    ends_well(&mut process, LIMIT).await;
}

#[tokio::test]
async fn calls_that_never_end_do_not_keep_the_process() {
    for tool in ["sleep", "block"] {
        let mut process = start("everything", &[]);
        call(&mut process, 1, tool, json!({"ms": 60_000})).await;
        call(&mut process, 2, "add", json!({"a": 1, "b": 1})).await;
        drop(process.stdin.take());
        let answers = read_all(&mut process).await;
        assert_eq!(answers.len(), 1, "only the quick call is answered: {answers:?}");
        ends_well(&mut process, LIMIT).await;
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_request_to_terminate_ends_the_process_with_code_0() {
    let mut process = start("everything", &[]);
    call(&mut process, 1, "add", json!({"a": 1, "b": 1})).await;
    process.receive().await.unwrap();
    call(&mut process, 2, "sleep", json!({"ms": 60_000})).await;
    call(&mut process, 3, "sleep", json!({"ms": 200})).await;
    call(&mut process, 4, "add", json!({"a": 1, "b": 1})).await;
    assert_eq!(serde_json::from_slice::<Value>(&process.receive().await.unwrap()).unwrap()["id"], 4);
    terminate(&process);
    let answers = read_all(&mut process).await;
    assert_eq!(answers.iter().map(|answer| answer["id"].as_u64().unwrap()).collect::<Vec<_>>(), [3]);
    ends_well(&mut process, LIMIT).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_request_to_terminate_is_heard_while_nobody_reads_the_answers() {
    let mut process = start("everything", &[]);
    let mut stdin = process.stdin.take().unwrap();
    let message = stateless(1, "tools/list", json!({})).to_string() + "\n";
    // Fill both pipes: the server stops reading when its answers are not taken.
    let filling = async {
        loop {
            stdin.write_all(message.as_bytes()).await.unwrap();
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(2), filling).await.is_err());
    terminate(&process);
    ends_well(&mut process, LIMIT).await;
}

#[tokio::test]
async fn the_end_of_input_is_noticed_while_nobody_reads_the_answers() {
    let mut process = start("everything", &[]);
    for id in 0..2000 {
        process.send(stateless(id, "tools/list", json!({})).to_string().as_bytes()).await;
    }
    drop(process.stdin.take());
    ends_well(&mut process, LIMIT).await;
}

#[tokio::test]
async fn a_reader_that_goes_away_ends_the_process() {
    let mut process = start("everything", &[]);
    let mut child_stdin = process.stdin.take().unwrap();
    drop(std::mem::replace(
        &mut process.stdout,
        tokio::io::BufReader::new(start("hello", &[]).stdout.into_inner()),
    ));
    let message = stateless(1, "tools/list", json!({})).to_string() + "\n";
    while child_stdin.write_all(message.as_bytes()).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    ends_well(&mut process, LIMIT).await;
}

#[tokio::test]
async fn files_serve_as_standard_input_and_output() {
    let folder = std::env::temp_dir().join(format!("mcp-files-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (input, output) = (folder.join("in"), folder.join("out"));
    let calls: Vec<_> = (0..50)
        .map(|id| {
            stateless(id, "tools/call", json!({"name": "add", "arguments": {"a": id, "b": 0}})).to_string()
        })
        .collect();
    std::fs::write(&input, calls.join("\n")).unwrap();
    let status = Command::new(example("everything"))
        .stdin(std::fs::File::open(&input).unwrap())
        .stdout(std::fs::File::create(&output).unwrap())
        .stderr(Stdio::null())
        .status()
        .await
        .unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(&output).unwrap().lines().count(), 50);
    std::fs::remove_dir_all(folder).unwrap();
}

/// Starts `everything` with its descriptors as a shell is told to set them.
#[cfg(unix)]
fn start_in_shell(descriptors: &str) -> tokio::process::Child {
    let script = format!("exec {} {descriptors}", example("everything").display());
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn one_pipe_for_output_and_errors_stays_a_blocking_one() {
    let mut child = start_in_shell("2>&1");
    let mut stdin = child.stdin.take().unwrap();
    let calls = 2000;
    let writing = tokio::spawn(async move {
        for id in 0..calls {
            let line = stateless(id, "tools/call", json!({"name": "print"})).to_string() + "\n";
            stdin.write_all(line.as_bytes()).await.unwrap();
        }
    });
    let mut all = String::new();
    child.stdout.take().unwrap().read_to_string(&mut all).await.unwrap();
    writing.await.unwrap();
    let (answers, others): (Vec<_>, Vec<_>) =
        all.lines().partition(|line| serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()));
    assert_eq!(answers.len(), calls);
    assert_eq!(others.iter().filter(|line| line.contains("printed by a tool")).count(), calls);
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn a_closed_standard_error_harms_nobody() {
    let mut child = start_in_shell("2>&-");
    let record = Record::new();
    let mut stdin = Stream::new(child.stdin.take().unwrap(), &record);
    let mut stdout = Stream::new(child.stdout.take().unwrap(), &record);
    for (id, tool) in ["panic", "print", "test_simple_text"].iter().enumerate() {
        let line = stateless(id, "tools/call", json!({"name": tool})).to_string() + "\n";
        stdin.write_all(line.as_bytes()).await.unwrap();
    }
    drop(stdin);
    let mut all = String::new();
    stdout.read_to_string(&mut all).await.unwrap();
    assert_eq!(all.lines().count(), 3, "{all}");
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn a_request_to_terminate_ends_an_http_server_with_code_0() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut process = start("everything", &["--http", &address.to_string()]);
    let mut connected = None;
    while connected.is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        connected = tokio::net::TcpStream::connect(address).await.ok();
    }
    terminate(&process);
    ends_well(&mut process, LIMIT).await;
}

async fn output(arguments: &[&str]) -> (i32, String, String) {
    let output =
        Command::new(example("everything")).args(arguments).stdin(Stdio::null()).output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn a_list_says_what_callers_need() {
    let listed = tokio::process::Command::new(example("orders")).arg("list").output().await.unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for line in [
        "Lists the orders. [read-only, needs orders:read]",
        "same order. [needs orders:write]",
        "One order. [needs orders:read]",
    ] {
        assert!(listed.contains(line), "{listed}");
    }
}

#[tokio::test]
async fn the_command_line_lists_and_calls() {
    let (code, listed, _) = output(&["list"]).await;
    assert_eq!(code, 0);
    assert!(listed.starts_with("everything 0.1.0\n\ntools\n  add(a, b)"), "{listed}");
    assert!(!listed.contains('\u{1b}'), "no colours where no terminal is");
    let (code, listed, _) = output(&["list", "--json"]).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!((code, &listed["tools"][0]["name"]), (0, &json!("add")));

    assert_eq!(output(&["call", "add", "a=2", "b=3"]).await, (0, "5\n".into(), String::new()));
    assert_eq!(output(&["call", "add", r#"{"a": 2, "b": 3}"#]).await, (0, "5\n".into(), String::new()));
    let (code, weather, _) = output(&["call", "get_weather", "city=5", "--json"]).await;
    let weather: Value = serde_json::from_str(&weather).unwrap();
    assert_eq!((code, &weather["structuredContent"]["city"]), (0, &json!("5")));
}

#[tokio::test]
async fn the_command_line_says_what_was_wrong() {
    let (code, _, said) = output(&["call", "ad", "a=2"]).await;
    assert_eq!((code, said.as_str()), (1, "Error: unknown tool \"ad\"; did you mean \"add\"?\n"));
    let (code, shown, said) = output(&["call", "add", "a=x"]).await;
    assert_eq!((code, said.as_str()), (1, "Error: the tool \"add\" failed\n"));
    assert!(shown.contains("argument \"b\" is missing"), "{shown}");
    let (code, _, said) = output(&["call", "add", "2"]).await;
    assert!(code == 1 && said.contains("neither key=value nor a JSON object"), "{said}");
    let (code, _, said) = output(&["--http", "nowhere"]).await;
    assert!(code == 2 && said.contains("as in 127.0.0.1:8080"), "{said}");
    let (code, _, said) = output(&["--http", "0.0.0.0:0"]).await;
    assert!(code == 1 && said.contains("can be reached from other machines"), "{said}");
}

#[tokio::test]
async fn the_log_says_what_was_found_as_text_or_json() {
    let (code, stdout, log) = output(&["--log-format", "json"]).await;
    assert_eq!((code, stdout.as_str()), (0, ""));
    let first: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!(first["fields"]["message"], "offering");
    assert!(first["fields"]["modules"].as_str().unwrap().contains("everything::tools"));
    let (_, _, log) = output(&["--log-level", "off"]).await;
    assert_eq!(log, "");
}
