//! The example `logs`, as a process over a folder that the test fills.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::wire::{Process, example, start, stateless, text};

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("mcp-logs-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        for (name, content) in files {
            folder.write(name, content);
        }
        folder
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.0.join(name), content).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The server of a folder.
struct Logs {
    process: Process,
    asked: u64,
}

impl Logs {
    fn of(folder: &Folder) -> Self {
        Self { process: start("logs", &["--folder", folder.0.to_str().unwrap()]), asked: 0 }
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        self.process.send(stateless(self.asked, method, params).to_string().as_bytes()).await;
        let line = tokio::time::timeout(Duration::from_secs(30), self.process.receive())
            .await
            .expect("no answer came");
        let answer: Value = serde_json::from_slice(&line.expect("the process ended")).unwrap();
        assert_eq!(answer["id"], self.asked);
        answer
    }

    async fn search(&mut self, arguments: Value) -> Value {
        self.ask("tools/call", json!({"name": "search_logs", "arguments": arguments})).await
    }

    /// The names of the links that a search gives.
    async fn found(&mut self, arguments: Value) -> Vec<String> {
        names(&self.search(arguments).await)
    }

    /// What a search is refused with.
    async fn refused(&mut self, arguments: Value) -> String {
        let answer = self.search(arguments).await;
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        text(&answer).to_owned()
    }

    /// The text of a resource, or the error that it is answered with.
    async fn read(&mut self, uri: &str) -> Result<String, Value> {
        let answer = self.ask("resources/read", json!({"uri": uri})).await;
        match answer.pointer("/result/contents/0") {
            Some(item) => {
                assert_eq!((&item["uri"], &item["mimeType"]), (&json!(uri), &json!("text/plain")));
                Ok(item["text"].as_str().unwrap().to_owned())
            }
            None => Err(answer["error"].clone()),
        }
    }
}

fn links(answer: &Value) -> impl Iterator<Item = &Value> {
    let blocks = answer["result"]["content"].as_array().unwrap_or_else(|| panic!("no content: {answer}"));
    blocks.iter().skip(1).inspect(|block| assert_eq!(block["type"], "resource_link"))
}

fn names(answer: &Value) -> Vec<String> {
    links(answer).map(|link| link["name"].as_str().unwrap().to_owned()).collect()
}

fn cursor(answer: &Value) -> Option<&str> {
    Some(text(answer).split_once("cursor \"")?.1.split_once('"')?.0)
}

const APP: &str = "\
2026-01-30T23:59:59.000000Z DEBUG app: almost midnight
2026-01-31T08:00:00.000000Z  INFO app: listening
2026-01-31T09:00:00.000000Z  WARN app: the Disk is nearly full
2026-01-31T10:00:00.000000Z ERROR app: the disk is full
  0: app::write
  1: app::main
2026-02-01T00:00:00.000000Z  INFO app: a new day
";

const JOBS: &str = r#"{"time":"2026-01-31T09:30:00+00:00","severity":"error","msg":"no space","disk":"sda"}
2026-01-31 11:00:00,500 - jobs - CRITICAL - gave up
"#;

#[tokio::test]
async fn entries_are_found_by_level_date_and_text_the_newest_first() {
    let folder = Folder::with(&[("app.log", APP), ("jobs.log", JOBS)]);
    let mut logs = Logs::of(&folder);
    let all = ["app.log:7", "jobs.log:2", "app.log:4", "jobs.log:1", "app.log:3", "app.log:2", "app.log:1"];
    assert_eq!(logs.found(json!({})).await, all);
    assert_eq!(
        logs.found(json!({"level": "warn"})).await,
        ["jobs.log:2", "app.log:4", "jobs.log:1", "app.log:3"]
    );
    assert_eq!(logs.found(json!({"from": "2026-02-01"})).await, ["app.log:7"]);
    assert_eq!(logs.found(json!({"to": "2026-01-30"})).await, ["app.log:1"]);
    assert_eq!(logs.found(json!({"from": "2026-01-31", "to": "2026-01-31"})).await, all[1..6]);
    assert_eq!(logs.found(json!({"text": "DISK"})).await, ["app.log:4", "jobs.log:1", "app.log:3"]);
    assert_eq!(logs.found(json!({"text": "disk", "level": "error", "file": "app.log"})).await, ["app.log:4"]);
    assert_eq!(logs.found(json!({"limit": 2})).await, all[..2]);

    let nothing = logs.search(json!({"text": "no log says this"})).await;
    assert_eq!(links(&nothing).count(), 0);
    assert!(
        text(&nothing).contains("no entries were found") && text(&nothing).contains("app.log"),
        "{nothing}"
    );
}

#[tokio::test]
async fn a_stack_trace_belongs_to_the_entry_before_it() {
    let folder = Folder::with(&[("app.log", APP)]);
    let mut logs = Logs::of(&folder);
    let answer = logs.search(json!({"text": "app::write"})).await;
    assert_eq!(names(&answer), ["app.log:4"]);
    let shown = "2026-01-31T10:00:00.000000Z ERROR app: the disk is full (2 more lines)";
    assert_eq!(links(&answer).next().unwrap()["description"], shown);
}

#[tokio::test]
async fn more_than_a_hundred_entries_come_page_by_page_none_twice_and_none_lost() {
    let folder = Folder::new();
    // Many entries have the same time, in one file and in several.
    let line = |n: usize| format!("2026-01-31T12:{:02}:00Z INFO number {n}\n", n / 10);
    for name in ["a.log", "b.log", "c.log"] {
        folder.write(name, (0..110).map(line).collect::<String>());
    }
    let mut logs = Logs::of(&folder);
    let mut found: Vec<String> = Vec::new();
    let mut pages = Vec::new();
    let mut arguments = json!({"limit": 100});
    loop {
        let page = logs.search(arguments.clone()).await;
        pages.push(links(&page).count());
        found.extend(names(&page));
        let times: Vec<_> =
            links(&page).map(|link| link["description"].as_str().unwrap().get(..20).unwrap()).collect();
        assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
        let Some(next) = cursor(&page) else { break };
        arguments["cursor"] = next.into();
        // What is written meanwhile shifts nothing.
        let grown = folder.0.join("a.log");
        let before = std::fs::read_to_string(&grown).unwrap();
        folder.write("a.log", before + "2026-01-31T13:00:00Z INFO newer\n");
    }
    assert_eq!(pages, [100, 100, 100, 30]);
    let mut expected: Vec<_> = ["a", "b", "c"]
        .iter()
        .flat_map(|name| (1..=110).map(move |line| format!("{name}.log:{line}")))
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_link_leads_to_the_lines_that_were_found() {
    let names = ["app.log", "with space.log", "100%41?#&+.log", "größe [1].log", "..log", "recent"];
    let folder = Folder::new();
    for name in names {
        folder.write(name, format!("first\n2026-01-31 12:00:00 ERROR this is {name}\nlast\n"));
    }
    let mut logs = Logs::of(&folder);
    let answer = logs.search(json!({"text": "this is"})).await;
    // A name that begins with a dot is that of a hidden file.
    assert_eq!(links(&answer).count(), names.len() - 1);
    for link in links(&answer) {
        let uri = link["uri"].as_str().unwrap();
        let name = link["name"].as_str().unwrap().strip_suffix(":2").unwrap();
        assert!(uri.bytes().all(|byte| byte.is_ascii_graphic()), "{uri}");
        let lines = format!("     2  2026-01-31 12:00:00 ERROR this is {name}\n     3  last\n");
        assert_eq!(logs.read(uri).await, Ok(lines), "{uri}");
    }
}

#[tokio::test]
async fn a_long_file_is_read_a_hundred_lines_at_a_time() {
    let folder = Folder::with(&[("app.log", &(1..=250).map(|n| format!("line {n}\n")).collect::<String>())]);
    let mut logs = Logs::of(&folder);
    let mut uri = "logs://app.log/lines/1".to_owned();
    let mut read = Vec::new();
    loop {
        let page = logs.read(&uri).await.unwrap();
        read.extend(page.lines().filter_map(|line| Some(line.split_once("  line ")?.1.to_owned())));
        let Some((_, next)) = page.split_once("It goes on at ") else { break };
        uri = next.trim_end().to_owned();
    }
    assert_eq!(read, (1..=250).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(uri, "logs://app.log/lines/201");
}

#[tokio::test]
async fn the_newest_entries_of_all_files_are_a_resource() {
    let folder = Folder::with(&[("app.log", APP), ("jobs.log", JOBS)]);
    let recent = Logs::of(&folder).read("logs://recent").await.unwrap();
    let lines: Vec<_> = recent.lines().collect();
    assert_eq!(lines.len(), 7);
    assert_eq!(lines[0], "app.log:7: 2026-02-01T00:00:00.000000Z  INFO app: a new day");
    assert_eq!(lines[3], "jobs.log:1: 2026-01-31T09:30:00+00:00 error no space");
}

#[tokio::test]
async fn lines_that_are_not_there_are_not_found() {
    let folder = Folder::with(&[("app.log", "one\ntwo\n"), ("empty.log", "")]);
    let mut logs = Logs::of(&folder);
    assert_eq!(logs.read("logs://app.log/lines/2").await, Ok("     2  two\n".into()));
    for uri in [
        "logs://app.log/lines/0",
        "logs://app.log/lines/3",
        "logs://app.log/lines/18446744073709551615",
        "logs://empty.log/lines/1",
        "logs://other.log/lines/1",
        "logs://app.log/lines/",
        "logs://app.log/lines/1/2",
        "logs://app.log",
        "logs://recent/lines/1",
        "file:///etc/passwd",
    ] {
        let error = logs.read(uri).await.unwrap_err();
        assert_eq!((&error["code"], &error["data"]["uri"]), (&json!(-32602), &json!(uri)), "{error}");
    }
    for from in ["one", "-1", "1.5", "18446744073709551616", "%31x"] {
        let error = logs.read(&format!("logs://app.log/lines/{from}")).await.unwrap_err();
        assert_eq!(error["code"], -32602);
        assert!(error["message"].as_str().unwrap().contains("\"from\""), "{error}");
    }
}

#[tokio::test]
async fn wrong_arguments_are_answered_with_what_is_right() {
    let folder = Folder::with(&[("app.log", APP), ("jobs.log", JOBS)]);
    let mut logs = Logs::of(&folder);
    for (arguments, right) in [
        (json!({"file": "other.log"}), "there are "),
        (json!({"file": "APP.LOG"}), "app.log"),
        (json!({"from": "2026-02-01", "to": "2026-01-31"}), "\"from\" is the first day"),
        (json!({"from": "2026-02-30"}), "as in 2026-01-31"),
        (json!({"to": "yesterday"}), "as in 2026-01-31"),
        (json!({"limit": 101}), "from 1 to 100"),
        (json!({"limit": 0}), "from 1 to 100"),
        (json!({"limit": -1}), "limit"),
        (json!({"level": "loud"}), "\"trace\", \"debug\", \"info\", \"warn\", \"error\""),
        (json!({"cursor": ""}), "leave it out"),
        (json!({"cursor": "1/one/app.log"}), "leave it out"),
        (json!({"txt": "disk"}), "did you mean \"text\"?"),
    ] {
        let refused = logs.refused(arguments).await;
        assert!(refused.contains(right), "{refused}");
    }
}

/// Nothing that a peer says is answered with what stands in the file beside the folder.
#[cfg(unix)]
#[tokio::test]
async fn nothing_outside_the_folder_can_be_reached() {
    let outside = Folder::with(&[("secret.log", "2026-01-31 12:00:00 ERROR the secret\n")]);
    let secret = outside.0.join("secret.log");
    let folder = Folder::with(&[("app.log", APP), (".hidden", "2026-01-31 12:00:00 ERROR the secret\n")]);
    std::os::unix::fs::symlink(&secret, folder.0.join("link.log")).unwrap();
    std::os::unix::fs::symlink(&outside.0, folder.0.join("folder.log")).unwrap();
    std::fs::create_dir(folder.0.join("sub")).unwrap();
    folder.write("sub/secret.log", "2026-01-31 12:00:00 ERROR the secret\n");
    // Whoever opens this waits until somebody writes to it.
    assert!(Command::new("mkfifo").arg(folder.0.join("pipe.log")).status().await.unwrap().success());

    let mut logs = Logs::of(&folder);
    let up = format!("../{}/secret.log", outside.0.file_name().unwrap().to_str().unwrap());
    let absolute = secret.to_str().unwrap();
    let mut files = vec![
        "link.log",
        "folder.log",
        "folder.log/secret.log",
        "sub",
        "sub/secret.log",
        ".hidden",
        "pipe.log",
    ];
    files.extend([
        "",
        ".",
        "..",
        "./app.log",
        "app.log/",
        "app.log\0",
        "\0",
        "../x",
        "..\\x",
        "~",
        "*",
        &up,
        absolute,
    ]);
    for file in files {
        let refused = logs.refused(json!({"file": file})).await;
        assert_eq!(refused, "no file has this name; there are app.log", "{file:?}");
        for uri in [format!("logs://{}/lines/1", encoded(file)), format!("logs://{file}/lines/1")] {
            let error = logs.read(&uri).await.unwrap_err();
            assert_eq!((&error["code"], &error["data"]["uri"]), (&json!(-32602), &json!(uri)), "{error}");
        }
    }
    for uri in [
        "logs://..%2F..%2Fetc%2Fpasswd/lines/1",
        "logs://%2Fetc%2Fpasswd/lines/1",
        "logs://../../etc/passwd/lines/1",
        "logs://..%252F..%252Fetc%252Fpasswd/lines/1",
        "logs://app.log%00/lines/1",
        "logs://%ff/lines/1",
        "logs://%c0%ae%c0%ae/lines/1",
    ] {
        assert_eq!(logs.read(uri).await.unwrap_err()["code"], -32602, "{uri}");
    }
    assert_eq!(logs.found(json!({"text": "secret"})).await, Vec::<String>::new());
    assert!(!logs.read("logs://recent").await.unwrap().contains("secret"));
    // A cursor names a file too, and only says where to go on.
    let answer = logs.search(json!({"cursor": format!("9/1/{up}")})).await;
    assert_eq!(links(&answer).count(), 0);
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn broken_text_colours_and_huge_lines_are_shown_as_far_as_they_can_be() {
    let folder = Folder::new();
    let mut content = b"\x1b[2m2026-01-31T12:00:00Z\x1b[0m \x1b[31mERROR\x1b[0m coloured\r\n".to_vec();
    content.extend(b"2026-01-31T12:00:01Z WARN broken \xff\xfe end\n");
    content.extend(b"2026-01-31T12:00:02Z WARN huge ");
    content.extend(std::iter::repeat_n(b'x', 10 << 20));
    content.extend(b"\n2026-01-31T12:00:03Z WARN last, without a line end");
    folder.write("app.log", content);
    folder.write("packed.log", b"\x1f\x8b\x08\x00\x00\x00\x00\x002026-01-31T12:00:00Z ERROR not a text\n");
    let mut logs = Logs::of(&folder);

    let answer = logs.search(json!({"level": "warn"})).await;
    assert_eq!(names(&answer), ["app.log:4", "app.log:3", "app.log:2", "app.log:1"]);
    let shown: Vec<_> = links(&answer).map(|link| link["description"].as_str().unwrap()).collect();
    assert_eq!(shown[3], "2026-01-31T12:00:00Z ERROR coloured");
    assert_eq!(shown[2], "2026-01-31T12:00:01Z WARN broken \u{fffd}\u{fffd} end");
    assert!(shown[1].chars().count() < 400 && shown[1].ends_with('…'), "{}", shown[1]);

    let lines = logs.read("logs://app.log/lines/2").await.unwrap();
    assert!(lines.len() < 10_000, "a huge line is cut");
    assert!(lines.ends_with("     4  2026-01-31T12:00:03Z WARN last, without a line end\n"), "{lines}");
    assert!(logs.read("logs://packed.log/lines/1").await.is_err());
}

#[tokio::test]
async fn of_a_huge_file_the_end_is_searched_and_its_lines_keep_their_numbers() {
    let folder = Folder::new();
    let padding = "x".repeat(1 << 20);
    let line = |n| format!("2026-01-31T12:{n:02}:00Z WARN line {n} {padding}\n");
    folder.write("huge.log", (0..70).map(|n| line(n % 60)).collect::<String>());
    let mut logs = Logs::of(&folder);
    let answer = logs.search(json!({"limit": 100})).await;
    assert!(text(&answer).ends_with("Only the last 64 MiB were searched of huge.log."), "{}", text(&answer));
    let found = names(&answer);
    assert!((60..=64).contains(&found.len()), "{}", found.len());
    assert!(found.contains(&"huge.log:70".into()) && !found.contains(&"huge.log:1".into()));
    for n in [1, 70] {
        let lines = logs.read(&format!("logs://huge.log/lines/{n}")).await.unwrap();
        assert!(lines.contains(&format!("line {} x", (n - 1) % 60)), "{n}");
    }
}

#[tokio::test]
async fn of_very_many_files_those_written_last_are_searched_and_any_can_be_named() {
    let folder = Folder::new();
    folder.write("old.log", APP);
    let old = std::fs::File::options().write(true).open(folder.0.join("old.log")).unwrap();
    old.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    for n in 0..200 {
        folder.write(&format!("{n}.log"), "nothing\n");
    }
    let mut logs = Logs::of(&folder);
    let answer = logs.search(json!({"text": "app::main"})).await;
    assert_eq!(links(&answer).count(), 0);
    assert!(
        text(&answer).contains("Of 201 files, the 200 that were written last were searched."),
        "{}",
        text(&answer)
    );
    assert_eq!(logs.found(json!({"text": "app::main", "file": "old.log"})).await, ["old.log:4"]);
    assert!(logs.read("logs://old.log/lines/7").await.is_ok());
}

#[tokio::test]
async fn an_empty_folder_has_no_entries_and_files_may_come_later() {
    let folder = Folder::new();
    let mut logs = Logs::of(&folder);
    let answer = logs.search(json!({})).await;
    assert_eq!(text(&answer), "no entries were found; the folder has no log files.");
    assert_eq!(logs.read("logs://recent").await, Ok(String::new()));
    assert!(logs.refused(json!({"file": "app.log"})).await.contains("the folder has no log files"));
    folder.write("app.log", APP);
    assert_eq!(logs.found(json!({"level": "error"})).await, ["app.log:4"]);
}

#[tokio::test]
async fn a_prompt_holds_the_newest_errors_since_a_day() {
    let folder = Folder::with(&[("app.log", APP), ("jobs.log", JOBS)]);
    let mut logs = Logs::of(&folder);
    let answer = logs
        .ask("prompts/get", json!({"name": "explain_errors", "arguments": {"since": "2026-01-31"}}))
        .await;
    let message = answer["result"]["messages"][0]["content"]["text"].as_str().unwrap();
    assert!(message.contains("hold 3 errors"), "{message}");
    assert!(
        message.contains("- logs://app.log/lines/4: 2026-01-31T10:00:00.000000Z ERROR app: the disk is full"),
        "{message}"
    );
    let answer = logs
        .ask("prompts/get", json!({"name": "explain_errors", "arguments": {"since": "2026-02-01"}}))
        .await;
    assert!(answer.to_string().contains("hold 0 errors"), "{answer}");
    let answer =
        logs.ask("prompts/get", json!({"name": "explain_errors", "arguments": {"since": "monday"}})).await;
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
}

#[tokio::test]
async fn without_a_folder_the_process_says_so_and_ends_with_code_1() {
    let folder = Folder::with(&[("app.log", APP)]);
    for path in [folder.0.join("missing"), folder.0.join("app.log")] {
        let ended = run(&path).await;
        assert_eq!(ended.status.code(), Some(1));
        assert!(ended.stdout.is_empty());
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(
            said.starts_with(&format!("Error: the folder {} cannot be read: ", path.display())),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

async fn run(folder: &Path) -> std::process::Output {
    Command::new(example("logs"))
        .arg("--folder")
        .arg(folder)
        .stdin(std::process::Stdio::null())
        .output()
        .await
        .unwrap()
}
