//! What operators set: by a file, by variables, on the command line.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use crate::wire::example;

/// What must never be seen.
const MARKER: &str = "MARKER-9f3c71";

async fn run(arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(example("orders"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MCP_")) {
        command.env_remove(name);
    }
    let output =
        command.args(arguments).envs(variables.iter().copied()).stdin(Stdio::null()).output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A folder of one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn held(arguments: &[&str], variables: &[(&str, &str)], key: &str) -> (String, String) {
    let all: Vec<_> = arguments.iter().copied().chain(["config", "--json"]).collect();
    let (code, shown, said) = run(&all, variables).await;
    assert_eq!(code, 0, "{said}");
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let text = |member: &str| shown["server"][key][member].as_str().unwrap().to_owned();
    (text("value"), text("source"))
}

#[tokio::test]
async fn later_sources_win_over_earlier_ones() {
    let folder = Folder::new("later");
    let file = folder.file("server.toml", "call_timeout = \"10s\"\npage_size = 7\nstrict = true\n");
    let pair = |value: &str, source: &str| (value.to_owned(), source.to_owned());
    let variables = [("MCP_CALL_TIMEOUT", "20s"), ("MCP_CONFIG", &*file)];
    assert_eq!(held(&[], &[], "call_timeout").await, pair("30s", "default"));
    assert_eq!(held(&["--config", &file], &[], "call_timeout").await, pair("10s", &file));
    assert_eq!(held(&[], &variables, "call_timeout").await, pair("20s", "MCP_CALL_TIMEOUT"));
    assert_eq!(
        held(&["--call-timeout", "40s"], &variables, "call_timeout").await,
        pair("40s", "--call-timeout")
    );
    assert_eq!(held(&["--call-timeout", "40s"], &variables, "page_size").await, pair("7", &file));
    assert_eq!(held(&["--strict=false"], &variables, "strict").await, pair("false", "--strict"));
}

#[tokio::test]
async fn what_is_said_by_name_is_added_up() {
    let folder = Folder::new("named");
    let file = folder.file("server.json", r#"{"call_timeout_of": {"report": "5m", "list_orders": "1s"}}"#);
    let (value, _) = held(
        &["--config", &file, "--call-timeout-of", "list_orders=2s", "--call-timeout-of", "refund_order=none"],
        &[],
        "call_timeout_of",
    )
    .await;
    assert_eq!(value, "list_orders=2s, refund_order=none, report=5m");
    let (code, _, said) = run(&["--call-timeout-of", "repor=2s", "list"], &[]).await;
    assert!(code == 1 && said.contains("nothing is called \"repor\""), "{said}");
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_with_its_source_and_what_would_be_right() {
    let folder = Folder::new("wrong");
    let file = folder.file(
        "server.toml",
        "page_sise = 5\nmax_result = \"4 MB\"\nread_only = \"perhaps\"\n[rate_of]\nreport = \"often\"\n",
    );
    let variables = [("MCP_DRAIN", "soon"), ("MCP_DIALECT", "klingon")];
    let (code, _, said) = run(&["--config", &file, "list"], &variables).await;
    assert_eq!(code, 1);
    for part in [
        "the configuration is wrong, for 6 reasons:".into(),
        format!("{file}: there is no setting `page_sise`; did you mean `page_size`?"),
        format!(
            "{file}, `max_result`: \"4 MB\" is wrong: expected a number of bytes, as in 4MiB, 64KiB or 1000"
        ),
        format!("{file}, `read_only`: \"perhaps\" is wrong: expected true or false"),
        format!("{file}, `rate_of`: \"often\" of \"report\" is wrong: expected a rate"),
        "MCP_DRAIN: \"soon\" is wrong: expected a time in ms, s, m, h or d".into(),
        "MCP_DIALECT: \"klingon\" is wrong: expected standard, gemini, openai-strict or cursor".into(),
    ] {
        assert!(said.contains(&part), "{part}: {said}");
    }
    let (code, _, said) = run(&["--max-message", "0", "list"], &[]).await;
    assert!(code == 2 && said.contains("expected a number of bytes"), "{said}");
}

#[tokio::test]
async fn files_that_cannot_be_read_say_why_and_where() {
    let folder = Folder::new("unread");
    for (name, text, expected) in [
        ("a.toml", format!("drain = \"1s\"\nstate_keys = {MARKER}\n"), "line 2: "),
        (
            "a.json",
            format!("{{\"drain\": \"1s\",\n \"state_keys\": {MARKER}}}"),
            "line 2, column 16: it is no JSON there",
        ),
        ("a.json", "[]".into(), "it must be a JSON object"),
        ("a.yaml", "drain: 1s".into(), "must end with .toml or .json"),
    ] {
        let file = folder.file(name, &text);
        let (code, shown, said) = run(&["--config", &file, "list"], &[]).await;
        assert!(code == 1 && said.contains(&file) && said.contains(expected), "{name}: {said}");
        assert!(!shown.contains(MARKER) && !said.contains(MARKER), "{said}");
    }
    let (_, _, said) = run(&["--config", "/nowhere/a.toml", "list"], &[]).await;
    assert!(said.contains("the file /nowhere/a.toml cannot be read: "), "{said}");
}

#[tokio::test]
async fn help_has_every_setting_with_its_variable_and_what_holds() {
    let (code, help, _) = run(&["--help"], &[]).await;
    assert_eq!(code, 0);
    let (_, shown, _) = run(&["config", "--json"], &[]).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let keys: Vec<_> = shown["server"].as_object().unwrap().keys().cloned().collect();
    assert!(keys.len() > 40, "{keys:?}");
    for key in keys {
        assert!(help.contains(&format!("MCP_{}", key.to_uppercase())), "{key}");
        let secret = ["state_keys", "api_keys"].contains(&key.as_str());
        let option = format!("--{}", key.replace('_', "-"));
        let offered = help.lines().any(|line| line.trim_start().split(['[', ' ']).next() == Some(&option));
        assert_eq!(offered, !secret, "{key}: others see what stands on a command line");
    }
    assert!(help.contains("[env: MCP_CALL_TIMEOUT] [default: 30s]"), "{help}");
}

#[tokio::test]
async fn secrets_are_never_shown() {
    let folder = Folder::new("secret");
    let key = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=";
    let keys = folder.file("keys", &format!("nightly={MARKER}-{MARKER} orders:read\n"));
    let wrong = folder.file("wrong", &format!("{MARKER}\n"));
    let public = [("MCP_HOSTS", "mcp.example.com"), ("MCP_API_KEYS_FILE", &*keys), ("MCP_STATE_KEYS", key)];
    for arguments in [&["config"][..], &["config", "--json"], &["--help"], &["list"]] {
        let (code, shown, said) = run(arguments, &public).await;
        assert_eq!(code, 0, "{said}");
        for text in [shown, said] {
            assert!(!text.contains(MARKER) && !text.contains(key), "{arguments:?}: {text}");
        }
    }
    assert_eq!(held(&[], &public, "state_keys").await, ("***".into(), "MCP_STATE_KEYS".into()));
    for variables in [
        &[("MCP_STATE_KEYS", MARKER)][..],
        &[("MCP_STATE_KEYS_FILE", &*wrong)],
        &[("MCP_HOSTS", "mcp.example.com"), ("MCP_API_KEYS", MARKER)],
        &[("MCP_HOSTS", "mcp.example.com"), ("MCP_API_KEYS", "a=MARKER-9f3c71")],
    ] {
        let (code, shown, said) = run(&["list"], variables).await;
        assert_eq!(code, 1, "{shown}");
        assert!(!said.contains(MARKER), "{said}");
    }
    let mut config = mcp::Config::default();
    config.state_keys = Some(mcp::config::Hidden::new(MARKER));
    assert!(!format!("{config:?}").contains(MARKER));
}

#[tokio::test]
async fn a_server_that_others_reach_says_who_may_use_it() {
    let refused = [
        (&[("MCP_HOSTS", "mcp.example.com")][..], "nothing says who may use it"),
        (&[("MCP_UNAUTHENTICATED", "true")], "say its `hosts`"),
        (
            &[("MCP_HOSTS", "a.example.com"), ("MCP_ISSUER", "https://i.example.com")],
            "`issuer` needs `resource`",
        ),
        (&[("MCP_AUDIENCE", "orders")], "`audience` is about tokens"),
        (&[("MCP_PROXIES", "everywhere")], "\"everywhere\" is not an address or a network"),
        (&[("MCP_PROXY_HEADERS", "forwarded")], "say their addresses with `proxies`"),
        (&[("MCP_ORIGINS", "app")], "\"app\" is not an origin"),
    ];
    for (variables, expected) in refused {
        let (code, _, said) = run(&["list"], variables).await;
        assert!(code == 1 && said.contains(expected), "{variables:?}: {said}");
    }
    let taken: [&[(&str, &str)]; 3] = [
        &[("MCP_HOSTS", "mcp.example.com"), ("MCP_UNAUTHENTICATED", "true")],
        &[
            ("MCP_HOSTS", "mcp.example.com"),
            ("MCP_ISSUER", "https://login.example.com"),
            ("MCP_RESOURCE", "https://mcp.example.com/mcp"),
            ("MCP_PROXIES", "10.0.0.0/8"),
        ],
        &[("MCP_HOSTS", "a.example.com"), ("MCP_API_KEYS", "ci=sk-8d1f0c7e5a2b49 orders:read")],
    ];
    for variables in taken {
        let (code, _, said) = run(&["list"], variables).await;
        assert_eq!(code, 0, "{variables:?}: {said}");
    }
}

#[tokio::test]
async fn the_command_line_has_the_last_word_about_who_calls_locally() {
    let variables = [("MCP_PRINCIPAL", "ada"), ("MCP_SCOPES", "something:else")];
    let (code, _, _) = run(&["call", "list_orders"], &variables).await;
    assert_eq!(code, 1, "the variables allow something else");
    let (code, _, said) = run(&["--scopes", "orders:read", "call", "list_orders"], &variables).await;
    assert_eq!(code, 0, "{said}");
    let (_, shown, _) = run(&["--tools", "report", "--scopes", "orders:read", "list"], &[]).await;
    assert!(shown.contains("report") && !shown.contains("list_orders"), "{shown}");
    let (code, _, said) = run(&["--tools", "reprot", "list"], &[]).await;
    assert!(code == 1 && said.contains("did you mean \"report\"?"), "{said}");
}

#[tokio::test]
async fn variables_that_are_a_letter_off_are_doubted_and_those_of_hosts_are_left_alone() {
    let variables = [("MCP_PAGE_SIZ", "5"), ("MCP_TIMEOUT", "30000"), ("MCP_TOOL_TIMEOUT", "60000")];
    let (code, _, said) = run(&["list"], &variables).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("nobody reads the variable MCP_PAGE_SIZ; did you mean MCP_PAGE_SIZE?"), "{said}");
    assert!(!said.contains("TIMEOUT"), "{said}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_variable_that_is_no_text_is_not_overheard() {
    use std::os::unix::ffi::OsStrExt as _;
    let mut command = Command::new(example("orders"));
    command.arg("list").env("MCP_READ_ONLY", std::ffi::OsStr::from_bytes(b"\xff"));
    let output = command.stdin(Stdio::null()).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("MCP_READ_ONLY"), "{said}");
}

#[tokio::test]
async fn a_program_with_a_log_of_its_own_says_that_settings_do_not_reach_it() {
    let output =
        Command::new(example("observed")).args(["--log-level", "debug", "list"]).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("log_level and log_format say nothing here"), "{said}");
}
