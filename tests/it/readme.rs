//! The README shows what is true: its server is an example, and its answers are those that the example gives.

use std::process::Stdio;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::record::Client;
use crate::wire::{example, start};

const README: &str = include_str!("../../README.md");
const HELLO: &str = include_str!("../../examples/hello.rs");

/// The code blocks of the README in this language, whatever else their first lines say.
fn blocks(language: &str) -> Vec<&'static str> {
    let fenced = README.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    fenced.filter(|(head, _)| head.split(',').next() == Some(language)).map(|(_, code)| code).collect()
}

/// The example without its header.
fn hello() -> &'static str {
    let header = HELLO.lines().take_while(|line| line.starts_with("//!") || line.is_empty());
    let header: usize = header.map(|line| line.len() + 1).sum();
    &HELLO[header..]
}

/// A command of the README, in words, and what it prints.
struct Shown {
    words: Vec<String>,
    printed: String,
}

/// What the README shows of a terminal.
fn shown() -> Vec<Shown> {
    let mut all = Vec::new();
    for block in blocks("console") {
        for entry in block.strip_prefix("$ ").expect("a terminal shows a command first").split("\n$ ") {
            let (words, printed) = words(entry);
            all.push(Shown { words, printed: printed.trim_end().into() });
        }
    }
    all
}

/// Takes a command apart as a shell does, up to the end of its line: single quotes, and `\` at the end of a line.
fn words(entry: &str) -> (Vec<String>, &str) {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = entry.chars();
    while let Some(c) = characters.next() {
        match c {
            '\'' => quoted = !quoted,
            '\\' if !quoted => {
                assert_eq!(characters.next(), Some('\n'), "only line ends are escaped: {entry}")
            }
            ' ' | '\n' if !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                if c == '\n' {
                    return (words, characters.as_str());
                }
            }
            c => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    (words, "")
}

#[test]
fn the_first_code_of_the_readme_is_the_hello_example() {
    assert_eq!(blocks("rust").first(), Some(&hello()));
}

#[test]
fn a_tool_a_resource_and_a_prompt_over_stdio_and_http_take_at_most_25_lines() {
    let lines = hello().lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 25, "{lines} lines");
    for part in ["#[mcp::tool", "#[mcp::resource", "#[mcp::prompt", ".run()"] {
        assert_eq!(hello().matches(part).count(), 1, "{part}");
    }
}

#[tokio::test]
async fn the_commands_of_the_readme_print_what_it_shows() {
    const CARGO: [&str; 6] = ["cargo", "run", "-q", "--example", "hello", "--"];
    let mut seen = Vec::new();
    for Shown { words, printed } in shown() {
        let Some(arguments) = words.strip_prefix(&CARGO.map(String::from)) else { continue };
        let output =
            Command::new(example("hello")).args(arguments).stdin(Stdio::null()).output().await.unwrap();
        let given = [output.stdout, output.stderr].concat();
        assert_eq!(String::from_utf8(given).unwrap().trim_end(), printed, "{arguments:?}");
        seen.push(arguments[0].clone());
    }
    assert_eq!(seen, ["list", "call", "call"]);
}

#[tokio::test]
async fn the_answers_of_the_readme_are_those_of_the_server() {
    let mut over_http = Http::start().await;
    let mut over_stdio = start("hello", &[]);
    let mut seen = 0;
    for Shown { words, printed } in shown().into_iter().filter(|shown| shown.words[0] == "curl") {
        let after = |option: &'static str| {
            words
                .iter()
                .zip(words.iter().skip(1))
                .filter(move |(word, _)| *word == option)
                .map(|(_, next)| next.as_str())
        };
        let message = after("-d").next().expect("a call has a body");
        assert_eq!(words[1], "http://127.0.0.1:8080/mcp");
        assert_eq!(over_http.post(after("-H"), message).await, printed);

        let message: Value = serde_json::from_str(message).unwrap();
        over_stdio.send(message.to_string().as_bytes()).await;
        assert_eq!(over_stdio.receive().await.unwrap().trim_ascii_end(), printed.as_bytes());
        seen += 1;
    }
    assert_eq!(seen, 1);
}

/// The example at a port of the system's choice.
struct Http {
    url: String,
    _child: Child,
}

impl Http {
    async fn start() -> Self {
        let mut child = Command::new(example("hello"))
            .args(["--http", "127.0.0.1:0", "--log-format", "json"])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        loop {
            let line = log.next_line().await.unwrap().expect("the log says where it serves");
            let line: Value = serde_json::from_str(&line).unwrap();
            if let Some(url) = line["fields"]["url"].as_str() {
                return Self { url: url.into(), _child: child };
            }
        }
    }

    async fn post(&mut self, headers: impl Iterator<Item = &str>, message: &str) -> String {
        let mut request = http::Request::post(&self.url);
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(message.as_bytes()))).unwrap();
        let response = Client::new().request(request).await.unwrap();
        assert_eq!(response.status(), 200);
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }
}

#[test]
fn the_readme_names_files_that_are_there() {
    let linked = README.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    for target in linked.filter(|target| !target.contains("://") && !target.starts_with('#')) {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(target);
        assert!(path.exists(), "{target}");
    }
}
