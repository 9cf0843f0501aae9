//! The example `github`, against a GitHub in this process.

use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;

use super::{Asked, StandIn, broken, endless, told};
use crate::wire::{Wire, start_with, stateless, text};

/// What must be seen by GitHub alone.
const TOKEN: &str = "ghp_theMarkerOfThisTest";

/// The example, and what it logs.
struct Started {
    wire: Wire,
    log: JoinHandle<String>,
}

fn start(url: &str) -> Started {
    let mut process = start_with("github", |command| {
        command
            .args(["--log-level", "trace"])
            .envs([("GITHUB_API_URL", url), ("GITHUB_TOKEN", TOKEN), ("NO_PROXY", "127.0.0.1")])
            .stderr(Stdio::piped())
    });
    let mut stderr = process.child.stderr.take().unwrap();
    let log = tokio::spawn(async move {
        let mut all = Vec::new();
        let _ = stderr.read_to_end(&mut all).await;
        String::from_utf8_lossy(&all).into_owned()
    });
    Started { wire: Wire::of(process), log }
}

impl Started {
    async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.wire.ask(1, "tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    async fn file(&mut self, path: &str) -> Value {
        self.call("get_file", json!({"repository": "ada/engine", "path": path})).await
    }
}

fn answer(status: u16, body: &Value) -> Response {
    told(status, &[], body.to_string())
}

fn issue(key: &str) -> Value {
    json!({"request_id": key, "repository": "ada/engine", "title": "It \"stops\"", "labels": ["bug"]})
}

#[tokio::test]
async fn repositories_come_in_pages() {
    let github = StandIn::start(|asked: Asked| async move {
        let repository = json!({
            "id": 1, "full_name": "ada/engine", "description": null, "private": false, "language": "Rust",
            "stargazers_count": 7, "pushed_at": "2026-11-20T10:00:00Z", "fork": false,
        });
        let next = "<https://api.github.com/user/1/repos?page=2>; rel=\"next\", <https://api.github.com/?page=9>; rel=\"last\"";
        let links = if asked.query.contains("page=1") { next } else { "<https://x/?page=1>; rel=\"first\"" };
        told(200, &[("link", links)], json!([repository]).to_string())
    })
    .await;
    // A GitHub of one's own is below a path.
    let mut example = start(&format!("{}/api/v3/", github.url));
    let first = example.call("list_repositories", json!({"owner": "ada"})).await;
    let first = &first["result"]["structuredContent"];
    assert_eq!(
        (&first["repositories"][0]["full_name"], &first["next_page"]),
        (&json!("ada/engine"), &json!(2))
    );
    let second = example.call("list_repositories", json!({"page": 2})).await;
    assert_eq!(second["result"]["structuredContent"]["next_page"], json!(null));
    let asked = github.asked();
    assert_eq!(asked[0].path, "/api/v3/users/ada/repos");
    assert_eq!(asked[1].path, "/api/v3/user/repos");
    assert!(asked.iter().all(|asked| asked.headers["authorization"] == format!("Bearer {TOKEN}")));
    let wrong = example.call("list_repositories", json!({"owner": "ada/../../user", "page": 0})).await;
    assert!(text(&wrong).contains("owner") && text(&wrong).contains("page"), "{wrong}");
    assert_eq!(github.asked().len(), 2);
}

#[tokio::test]
async fn files_are_read_and_what_is_no_text_is_said_to_be_none() {
    let github = StandIn::start(|asked: Asked| async move {
        let file = |encoding: &str, content: &str| {
            answer(200, &json!({"type": "file", "encoding": encoding, "size": 5, "content": content}))
        };
        match asked.path.rsplit('/').next().unwrap() {
            // GitHub breaks its lines.
            "text" => file("base64", "SGVs\nbG8g\n8J+m\ngA==\n"),
            "binary" => file("base64", &STANDARD.encode([0xff, 0xfe, 0])),
            "nonsense" => file("base64", "%%%"),
            "long" => file("none", ""),
            "module" => answer(200, &json!({"type": "submodule", "size": 0})),
            "folder" => answer(200, &json!([{"name": "a.rs"}, {"name": "b.rs"}])),
            "endless" => told(200, &[], endless()),
            _ => answer(200, &json!(5)),
        }
    })
    .await;
    let mut example = start(&github.url);
    for (path, said) in [
        ("text", "Hello 🦀"),
        ("binary", "binary is not a text"),
        ("nonsense", "nonsense is not a text"),
        ("long", "long is too long, with 5 bytes"),
        ("module", "module is neither a file nor a folder"),
        ("folder", "folder is a folder; in it are a.rs, b.rs"),
        ("endless", "GitHub failed (trying again will not help)"),
        ("number", "GitHub failed (trying again will not help)"),
    ] {
        let read = example.file(path).await;
        assert_eq!((text(&read), read["result"]["isError"] == true), (said, path != "text"));
    }
    assert_eq!(github.asked().len(), 8);
}

#[tokio::test]
async fn a_path_stays_in_its_repository_whatever_it_is_made_of() {
    let content = json!({"type": "file", "encoding": "base64", "size": 1, "content": "eA=="});
    let github = StandIn::start(move |_| {
        let good = answer(200, &content);
        async { good }
    })
    .await;
    let mut example = start(&github.url);
    for path in [
        "..",
        ".",
        "",
        "/",
        "../../../../user",
        "src/../../x",
        "src//x",
        "/etc/passwd",
        "src/",
        "./x",
        ".\t.",
        ".\n./user",
        "a\u{0}",
    ] {
        assert!(text(&example.file(path).await).starts_with("a path is that of a file"), "{path}");
    }
    for repository in
        ["ada", "ada/", "/engine", "../user", "ada/..", "ada/engine/../..", "ada/e%2fx", "ada/e?x", "a d/e"]
    {
        let arguments = json!({"repository": repository, "path": "x"});
        assert!(
            text(&example.call("get_file", arguments).await).contains("named owner/name"),
            "{repository}"
        );
    }
    assert!(github.asked().is_empty());
    for (path, written) in [
        ("src/main.rs", "src/main.rs"),
        ("%2e%2e/%2e%2e/user", "%252e%252e/%252e%252e/user"),
        ("..%2f..%2fuser", "..%252f..%252fuser"),
        ("a?ref=x#y", "a%3Fref=x%23y"),
        ("a\\..\\b", "a\\..\\b"),
        ("...", "..."),
        ("ä ö", "%C3%A4%20%C3%B6"),
        ("a;b=c&d", "a;b=c&d"),
    ] {
        assert_eq!(text(&example.file(path).await), "x", "{path:?}");
        let asked = github.asked().pop().unwrap();
        let expected = format!("/repos/ada/engine/contents/{written}");
        let same = asked.path == expected || asked.path == expected.replace('\\', "%5C");
        assert!(same && asked.query.is_empty(), "{path:?}: {} {}", asked.path, asked.query);
    }
    let versioned = json!({"repository": "ada/engine", "path": "x", "version": "a&ref=b#"});
    example.call("get_file", versioned).await;
    assert_eq!(github.asked().pop().unwrap().query, "ref=a%26ref%3Db%23");
}

#[tokio::test]
async fn what_github_refuses_is_explained() {
    let reset = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 1800;
    let github = StandIn::start(move |asked: Asked| async move {
        let status = asked.path.rsplit('/').next().unwrap().parse().unwrap_or(403);
        let said = json!({"message": "Not so", "status": status.to_string()}).to_string();
        let reset = reset.to_string();
        match asked.path.rsplit('/').next().unwrap() {
            "spent" => told(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset)], said),
            "stepped" => {
                told(429, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "99999999999")], said)
            }
            "often" => told(403, &[("retry-after", "90")], said),
            _ => told(status, &[("x-ratelimit-remaining", "12"), ("x-ratelimit-reset", &reset)], said),
        }
    })
    .await;
    let mut example = start(&github.url);
    for (path, said) in [
        ("401", "GitHub does not know the token that this server has (trying again will not help)"),
        ("403", "GitHub does not allow it: Not so (trying again will not help)"),
        ("404", "GitHub has nothing there that this server may see"),
        ("422", "GitHub says: Not so"),
        ("501", "GitHub failed (trying again will not help)"),
        ("often", "GitHub failed (temporary: try again in 90 s)"),
    ] {
        assert_eq!(text(&example.file(path).await), said);
    }
    let mut example = start(&github.url);
    for (path, least, most) in [("spent", 1700, 1800), ("stepped", 3600, 3600)] {
        let wait = example.file(path).await["result"]["_meta"]["retryAfter"].as_u64().unwrap();
        assert!((least..=most).contains(&wait), "{path}: {wait}");
    }
    assert_eq!(github.asked().len(), 8, "what is refused is not asked again");
}

#[tokio::test]
async fn an_issue_is_opened_once_however_often_it_is_sent() {
    let github = StandIn::start(|asked: Asked| async move {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        answer(
            201,
            &json!({"number": asked.nth + 1, "html_url": "https://github.com/ada/engine/issues/1", "id": 5}),
        )
    })
    .await;
    let mut example = start(&github.url);
    for id in 0..20 {
        let params = json!({"name": "create_issue", "arguments": issue("key-12345")});
        example.wire.send(stateless(id, "tools/call", params)).await;
    }
    for id in 0..20 {
        let answer = example.wire.answer(&id.into()).await;
        assert_eq!(answer["result"]["structuredContent"]["number"], 1, "{answer}");
    }
    let asked = github.asked();
    eprintln!("20 calls with one key: {} issues", asked.len());
    assert_eq!(asked.len(), 1);
    assert_eq!((&*asked[0].method, &*asked[0].path), ("POST", "/repos/ada/engine/issues"));
    assert_eq!(asked[0].body, json!({"title": "It \"stops\"", "body": "", "labels": ["bug"]}));
}

#[tokio::test]
async fn an_issue_that_was_perhaps_opened_is_not_opened_again() {
    let told: [fn() -> Response; 5] = [
        || told(502, &[], ""),
        || told(201, &[], broken()),
        || told(201, &[], "created"),
        || told(201, &[], endless()),
        || told(403, &[("retry-after", "1")], ""),
    ];
    for (nth, first) in told.into_iter().enumerate() {
        let github = StandIn::start(move |asked: Asked| {
            let good =
                answer(201, &json!({"number": 1, "html_url": "https://github.com/ada/engine/issues/1"}));
            let response = if asked.nth == 0 { first() } else { good };
            async { response }
        })
        .await;
        let mut example = start(&github.url);
        let said = example.call("create_issue", issue("key-12345")).await;
        if nth == 4 {
            // It was not, for sure.
            assert_eq!(text(&said), "GitHub failed (temporary: try again in 1 s)");
            let again = example.call("create_issue", issue("key-12345")).await;
            assert_eq!(again["result"]["structuredContent"]["number"], 1, "{again}");
        } else {
            assert!(text(&said).contains("outcome_unknown"), "{nth}: {said}");
            let again = example.call("create_issue", issue("key-12345")).await;
            assert_eq!(text(&again), text(&said));
            assert_eq!(github.asked().len(), 1, "{nth}");
        }
    }
}

#[tokio::test]
async fn the_token_is_sent_to_github_and_to_nobody_else() {
    let elsewhere = StandIn::start(|_| async { answer(404, &json!({"message": "nothing"})) }).await;
    let there = elsewhere.url.clone();
    let github = StandIn::start(move |asked: Asked| {
        let said = json!({"message": "Bad credentials"}).to_string();
        let response = match asked.path.rsplit('/').next().unwrap() {
            "moved" => told(301, &[("location", &format!("{there}/moved"))], ""),
            "401" => told(401, &[], said),
            "500" => told(500, &[], broken()),
            _ => told(200, &[], "nonsense"),
        };
        async { response }
    })
    .await;
    let mut example = start(&github.url);
    let mut said = String::new();
    for path in ["401", "moved", "nonsense", "500"] {
        said += &example.file(path).await.to_string();
    }
    let issue = example.call("create_issue", issue("key-12345")).await;
    said += &issue.to_string();
    said += &example.wire.ask(2, "tools/list", json!({})).await.to_string();
    let asked = elsewhere.asked();
    assert_eq!(asked.len(), 1, "it went where it was sent");
    assert!(!format!("{asked:?}").contains(TOKEN), "{asked:?}");
    assert!(github.asked().iter().all(|asked| asked.headers.contains_key("authorization")));
    drop(example.wire);
    let log = example.log.await.unwrap();
    assert!(log.contains("a call of a dependency failed"), "the test sees what is logged: {log}");
    for (what, text) in [("said", &said), ("logged", &log)] {
        assert!(!text.contains(TOKEN), "the token was {what}: {text}");
    }
    // Nor where it cannot be a token.
    let wrong = format!("{TOKEN}\n");
    let output = tokio::process::Command::new(crate::wire::example("github"))
        .args(["call", "get_file", "repository=a/b", "path=x"])
        .env("GITHUB_TOKEN", &wrong)
        .output()
        .await
        .unwrap();
    let output =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.contains("GITHUB_TOKEN") && !output.contains(TOKEN), "{output}");
}
