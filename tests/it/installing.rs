//! `install` edits files of others: with a home of its own, read back by a parser of somebody else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jsonc_parser::{ParseOptions, parse_to_serde_value};
use serde_json::{Value, json};

use crate::wire::example;

struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let path =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("home-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(example("hello"));
        command.args(arguments).current_dir(&self.0).env("HOME", &self.0).env_remove("XDG_CONFIG_HOME");
        command.output().unwrap()
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn put(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn read(&self, name: &str) -> Value {
        jsonc(&self.text(name))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What the parser of VS Code's relatives makes of it.
fn jsonc(text: &str) -> Value {
    parse_to_serde_value(text, &ParseOptions::default()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn this() -> String {
    fs::canonicalize(example("hello")).unwrap().to_str().unwrap().to_owned()
}

#[cfg(target_os = "linux")]
const FILES: [(&str, &str, &str); 4] = [
    ("claude-desktop", ".config/Claude/claude_desktop_config.json", "mcpServers"),
    ("claude-code", ".claude.json", "mcpServers"),
    ("cursor", ".cursor/mcp.json", "mcpServers"),
    ("vscode", ".config/Code/User/mcp.json", "servers"),
];

#[cfg(target_os = "linux")]
#[test]
fn every_host_finds_the_server_in_its_file_and_undo_takes_it_away() {
    let home = Home::new("every");
    for (host, file, section) in FILES {
        let said = home.ok(&["--read-only", "--tools", "add", "install", host, "--env", "KEY=value"]);
        assert!(said.contains(file), "{said}");
        let entry = &home.read(file)[section]["hello"];
        assert_eq!(entry["command"], this());
        assert_eq!(entry["args"], json!(["--tools=add", "--read-only=true"]));
        assert_eq!(entry["env"], json!({"KEY": "value"}));
        assert_eq!(entry.get("type").is_some(), host != "claude-desktop");
        // What stands there starts the server.
        let arguments: Vec<_> =
            entry["args"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        let listed =
            Command::new(entry["command"].as_str().unwrap()).args(arguments).arg("list").output().unwrap();
        assert!(listed.status.success());

        home.ok(&["install", host, "--undo"]);
        assert_eq!(home.read(file), json!({section: {}}));
        assert!(home.ok(&["install", host, "--undo"]).contains("starts no server that is called \"hello\""));
    }
}

const JSONC: &str = r#"// Mine.
{
    // Kept, too.
    "inputs": [1, 2, ],
    "servers": {
        "other": { "command": "x", "args": ["a // b", "\"}"] }, // a good one
        /* } */
    },
    "theme" :   "dark"
}
"#;

#[test]
fn what_others_wrote_stays_to_the_last_space() {
    let home = Home::new("kept");
    let file = ".vscode/mcp.json";
    home.put(file, JSONC);
    home.ok(&["install", "vscode", "--project"]);
    let text = home.text(file);
    let before = jsonc(JSONC);
    let mut after = jsonc(&text);
    assert_eq!(after["servers"]["hello"]["command"], this());
    after["servers"].as_object_mut().unwrap().remove("hello");
    assert_eq!(after, before);
    for line in JSONC.lines() {
        assert!(text.lines().any(|kept| kept == line), "{line:?} in {text}");
    }
    assert!(text.contains("\n        \"hello\": {\n            \"args\": []"), "{text}");
    home.ok(&["install", "vscode", "--project", "--undo"]);
    assert_eq!(home.text(file), JSONC);
}

#[test]
fn files_of_every_style_are_edited_and_restored() {
    let home = Home::new("styles");
    let texts = [
        "{\"mcpServers\":{\"a\":{\"command\":\"x\"}},\"b\":1}",
        "{ \"mcpServers\": { \"a\": {} } }",
        "{\n\t\"mcpServers\": {\n\t\t\"a\": {}\n\t}\n}",
        "{\r\n  \"mcpServers\": {\r\n    \"a\": {}\r\n  }\r\n}\r\n",
        "{\n  \"mcpServers\": {\n    \"a\": {} // last\n  }\n}\n",
        "{\n  \"mcpServers\": {\n    \"a\": {},\n  },\n}\n",
        "\u{feff}{\n  \"mcpServers\": {\n    \"a\": {}\n  }\n}\n",
        "{\n  \"mcpServers\": {\n    \"hello\\u0020\": {}\n  }\n}\n",
    ];
    for text in texts {
        home.put("f.json", text);
        home.ok(&["install", "cursor", "--file", "f.json"]);
        let edited = home.text("f.json");
        let read = jsonc(edited.trim_start_matches('\u{feff}'));
        assert_eq!(read["mcpServers"]["hello"]["command"], this(), "{edited}");
        assert_eq!(edited.contains('\r'), text.contains('\r'), "{edited:?}");
        if !text.contains("//") && !text.contains(",\n  }") {
            let strict: Value = serde_json::from_str(edited.trim_start_matches('\u{feff}')).unwrap();
            assert_eq!(strict, read, "strict files stay strict");
        }
        assert!(home.ok(&["install", "cursor", "--file", "f.json"]).contains("already"), "{edited}");
        home.ok(&["install", "cursor", "--file", "f.json", "--undo"]);
        let restored = home.text("f.json");
        assert_eq!(
            jsonc(restored.trim_start_matches('\u{feff}')),
            jsonc(text.trim_start_matches('\u{feff}')),
            "{restored}"
        );
    }
    for (text, section) in
        [("", false), ("  \n", false), ("{}", false), ("{\"a\": 1}", true), ("{\n  // none\n}\n", false)]
    {
        home.put("f.json", text);
        home.ok(&["install", "cursor", "--file", "f.json"]);
        let read = home.read("f.json");
        assert_eq!(read["mcpServers"]["hello"]["command"], this());
        assert_eq!(read.get("a").is_some(), section);
    }
}

#[test]
fn a_file_that_is_not_understood_is_left_as_it_is() {
    let home = Home::new("broken");
    for (text, place) in [
        ("{\"mcpServers\": {\"a\": }}", "line 1, column 22: expected a value"),
        (
            "{\n  \"mcpServers\": {\n    \"a\": {}\n    \"b\": {}\n  }\n}",
            "line 4, column 5: expected `,` or `}`",
        ),
        ("[]", "line 1, column 1: expected an object"),
        ("{} {}", "line 1, column 4: expected nothing more"),
        ("{\"mcpServers\": []}", "`mcpServers` is no object there"),
        ("{\"mcpServers\": {}, \"mcpServers\": {}}", "`mcpServers` stands there twice"),
        ("{\"mcpServers\": {\"hello\": {}, \"hello\": {}}}", "`hello` stands there twice"),
        ("{ /* ", "this comment has no end"),
        ("{'a': 1}", "expected a text"),
        ("<html>", "expected an object"),
    ] {
        home.put("f.json", text);
        for more in [
            &["install", "cursor", "--file", "f.json"][..],
            &["install", "cursor", "--file", "f.json", "--dry-run"],
        ] {
            let said = home.refused(more);
            assert!(said.contains("is left as it is") && said.contains(place), "{text}: {said}");
        }
        assert_eq!(home.text("f.json"), text);
    }
    let deep = format!("{{\"a\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    home.put("f.json", &deep);
    assert!(home.refused(&["install", "cursor", "--file", "f.json"]).contains("this is too deep"));
    let left: Vec<_> = fs::read_dir(&home.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["f.json"], "nothing is left behind");
}

#[test]
fn a_dry_run_writes_nothing_and_shows_no_secret() {
    let home = Home::new("dry");
    let secret = ["--set", "token=MARKER-4711", "install", "cursor", "--dry-run", "--env", "KEY=MARKER-4711"];
    let said = home.ok(&[&secret[..], &["--name", "mine"]].concat());
    assert!(said.contains("would put \"mine\" into ") && said.contains(&this()), "{said}");
    assert!(said.contains("\"--set=token=***\""), "{said}");
    assert!(said.contains("\"KEY\": \"***\"") && !said.contains("MARKER"), "{said}");
    assert_eq!(fs::read_dir(&home.0).unwrap().count(), 0);
    home.ok(&["install", "cursor", "--env", "KEY=MARKER-4711"]);
    let before = home.text(".cursor/mcp.json");
    home.ok(&["install", "cursor", "--undo", "--dry-run"]);
    assert_eq!(home.text(".cursor/mcp.json"), before);
}

#[test]
fn what_was_there_is_kept_beside_and_no_backup_takes_the_place_of_another() {
    let home = Home::new("backup");
    home.put("f.json", "{\"mcpServers\": {\"hello\": {\"command\": \"/old/hello\"}}}");
    let said = home.ok(&["install", "cursor", "--file", "f.json"]);
    assert!(said.contains("\"hello\" started /old/hello before") && said.contains("f.json.bak"), "{said}");
    assert_eq!(home.read("f.json.bak")["mcpServers"]["hello"]["command"], "/old/hello");
    home.ok(&["install", "cursor", "--file", "f.json", "--undo"]);
    assert_eq!(home.read("f.json.bak")["mcpServers"]["hello"]["command"], "/old/hello");
    assert_eq!(home.read("f.json.bak1")["mcpServers"]["hello"]["command"], this());
}

#[test]
fn undo_takes_nothing_away_that_is_not_this_program() {
    let home = Home::new("others");
    let text = "{\"mcpServers\": {\"hello\": {\"command\": \"/usr/bin/hello\"}}}";
    home.put("f.json", text);
    let said = home.refused(&["install", "cursor", "--file", "f.json", "--undo"]);
    assert!(
        said.contains("starts \"/usr/bin/hello\"") && said.contains("take it away there yourself"),
        "{said}"
    );
    assert_eq!(home.text("f.json"), text);
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_rights_are_kept() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    let home = Home::new("links");
    home.put("dotfiles/mcp.json", "{}");
    fs::set_permissions(home.path("dotfiles/mcp.json"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::create_dir_all(home.path(".cursor")).unwrap();
    symlink("../dotfiles/mcp.json", home.path(".cursor/mcp.json")).unwrap();
    home.ok(&["install", "cursor"]);
    assert!(fs::symlink_metadata(home.path(".cursor/mcp.json")).unwrap().is_symlink());
    assert_eq!(home.read("dotfiles/mcp.json")["mcpServers"]["hello"]["command"], this());
    assert_eq!(
        (mode(&home.path("dotfiles/mcp.json")), mode(&home.path("dotfiles/mcp.json.bak"))),
        (0o640, 0o640)
    );
    // A new file may have secrets in it.
    home.ok(&["install", "claude-code", "--env", "KEY=value"]);
    assert_eq!(mode(&home.path(".claude.json")), 0o600);
    symlink("nowhere.json", home.path("lost.json")).unwrap();
    assert!(
        home.refused(&["install", "cursor", "--file", "lost.json"]).contains("a link that leads nowhere")
    );
}

#[cfg(unix)]
#[test]
fn a_link_that_lies_in_wait_in_a_project_is_not_written_through() {
    let home = Home::new("trap");
    home.put(".vscode/mcp.json", "{\"servers\": {}} // evil");
    std::os::unix::fs::symlink("../victim", home.path(".vscode/mcp.json.bak")).unwrap();
    let said = home.ok(&["install", "vscode", "--project"]);
    assert!(!home.path("victim").exists(), "{said}");
    assert!(said.contains("mcp.json.bak1"), "{said}");
    assert_eq!(home.text(".vscode/mcp.json.bak1"), "{\"servers\": {}} // evil");
}

#[test]
fn variables_that_go_and_settings_with_which_it_does_not_start_are_told() {
    let home = Home::new("told");
    home.ok(&["install", "cursor", "--file", "f.json", "--env", "KEY=value"]);
    let said = home.ok(&["--read-only", "install", "cursor", "--file", "f.json"]);
    assert!(said.contains("no longer given KEY") && !said.contains("value"), "{said}");
    let output = home.run(&["--tools", "ad", "install", "cursor", "--file", "f.json"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("did you mean \"add\"?"), "{said}");
}

#[test]
fn what_cannot_be_installed_says_so() {
    let home = Home::new("cannot");
    for (arguments, expected) in [
        (&["--http", "8080", "install", "cursor"][..], "leave --http out"),
        (&["install", "claude-desktop", "--project"], "knows no projects"),
        (&["install", "cursor", "--env", "KEY"], "it is NAME=VALUE"),
        (&["install", "emacs"], "claude-desktop, claude-code, cursor, vscode"),
        (&["install", "cursor", "--file", "."], "it is no file of settings"),
    ] {
        let said = home.refused(arguments);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    home.ok(&["install", "cursor", "--", "--folder", "/a b"]);
    assert_eq!(home.read(".cursor/mcp.json")["mcpServers"]["hello"]["args"], json!(["--folder", "/a b"]));
    home.put("server.json", "{}");
    home.ok(&["--config", "server.json", "install", "claude-code", "--project"]);
    let config = home.read(".mcp.json")["mcpServers"]["hello"]["args"][0].clone();
    let path = config.as_str().unwrap().strip_prefix("--config=").unwrap();
    assert!(Path::new(path).is_absolute() && Path::new(path).exists(), "{path}");
}

/// Answers every request with this, and tells what was asked.
async fn stand_in(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 4096];
        let length = stream.read(&mut asked).await.unwrap();
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(asked[..length].to_vec()).unwrap()
    });
    (address, asked)
}

async fn health(arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let mut command = tokio::process::Command::new(example("hello"));
    let output =
        command.arg("health").args(arguments).envs(variables.iter().copied()).output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn health_asks_a_server_at_its_own_address() {
    let (address, asked) = stand_in("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    assert_eq!(health(&[], &[("MCP_HTTP", &address)]).await, (0, "ok\n".into()));
    assert!(asked.await.unwrap().starts_with(&format!("GET /health HTTP/1.1\r\nhost: {address}\r\n")));

    let (address, asked) = stand_in("HTTP/1.1 503 Service Unavailable\r\n\r\ndatabase: gone").await;
    let everywhere = address.replace("127.0.0.1", "0.0.0.0");
    let variables = [("MCP_HTTP", &*everywhere), ("MCP_HOSTS", "mcp.example.com")];
    let (code, said) = health(&["--ready"], &variables).await;
    assert!(code == 1 && said.contains("/ready answered with status 503: database: gone"), "{said}");
    assert!(asked.await.unwrap().starts_with("GET /ready HTTP/1.1\r\nhost: mcp.example.com\r\n"));

    let (code, said) = health(&["--http", "127.0.0.1:1"], &[]).await;
    assert!(code == 1 && said.contains("cannot be asked"), "{said}");
    let (code, said) = health(&[], &[]).await;
    assert!(code == 1 && said.contains("--http or MCP_HTTP"), "{said}");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = listener.local_addr().unwrap().to_string();
    let (code, said) = health(&["--within", "1"], &[("MCP_HTTP", &silent)]).await;
    assert!(code == 1 && said.contains("did not answer within 1 s"), "{said}");
}
