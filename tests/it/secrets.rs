//! Credentials for calls outward: where they come from, who took one, and that they go nowhere else.

use std::sync::{Arc, Mutex};

use mcp::{
    BoxError, BoxFuture, Content, Context, Credential, FileSecrets, Json, Level, Link, Peer, Principal,
    Progress, Secret, SecretSource, SecretValue, Server, ToolError, WithMeta,
};
use serde_json::{Value, json};

use crate::wire::{stateless, text};

const MARKER: &str = "marker-\"5128\"-secret";

struct ApiKey;

impl Credential for ApiKey {
    const NAME: &'static str = "SECRETS_TEST_API_KEY";
}

/// Says how long the key is.
#[mcp::tool]
async fn length(key: Secret<ApiKey>) -> usize {
    key.expose().len()
}

/// What comes from something else.
#[derive(Debug)]
struct Deep(std::io::Error);

impl std::fmt::Display for Deep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no answer")
    }
}

impl std::error::Error for Deep {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Says the key in every way.
#[mcp::tool(raw)]
async fn leaks(how: String, key: Secret<ApiKey>) -> Result<Json<Value>, ToolError> {
    match how.as_str() {
        "json" => Ok(Json(json!({"url": format!("https://example.com/?key={}", key.expose()), "n": 1}))),
        "deep" => {
            Err(ToolError::fatal("failed").source(Deep(std::io::Error::other(key.expose().to_owned()))))
        }
        "repeated" => {
            Err(ToolError::fatal(key.expose().to_owned())
                .source(std::io::Error::other(key.expose().to_owned())))
        }
        "cause" => Err(ToolError::fatal("failed").source(format!("401 for {}", key.expose()))),
        _ => Err(ToolError::fatal(format!("401 for {}", key.expose()))),
    }
}

/// Says the key in a text, a link, and beside the result.
#[mcp::tool]
async fn hints(key: Secret<ApiKey>) -> WithMeta<Vec<Content>> {
    let key = key.expose();
    let link = Link::new(format!("https://example.com/?key={key}"), key).description(key);
    WithMeta::new(vec![Content::text(key), link.into()]).meta("com.example/asked", json!({"with": [key]}))
}

/// Says the key while it works.
#[mcp::tool]
async fn talks(key: Secret<ApiKey>, cx: Context) {
    cx.progress(Progress::new(1.0).message(format!("asking with {}", key.expose())));
    cx.log(Level::Error, json!({"key": [key.expose()]}));
}

/// Fails as programs do.
#[mcp::tool]
async fn fails(key: Secret<ApiKey>) -> Result<String, std::io::Error> {
    Err(std::io::Error::other(format!("connect to https://{}@example.com", key.expose())))
}

/// Has nothing to do with it.
#[mcp::resource("secrets://page")]
async fn page() -> String {
    format!("they say {MARKER}")
}

/// A source whose secret changes.
#[derive(Clone)]
struct Vault(Arc<Mutex<Option<String>>>);

impl Vault {
    fn with(text: &str) -> Self {
        Self(Arc::new(Mutex::new(Some(text.into()))))
    }
}

impl SecretSource for Vault {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretValue>, BoxError>> {
        assert_eq!(name, ApiKey::NAME);
        let value = self.0.lock().unwrap().clone().map(SecretValue::new);
        Box::pin(async move { Ok(value) })
    }

    fn has(&self, _: &str) -> bool {
        self.0.lock().unwrap().is_some()
    }
}

fn server(source: impl SecretSource) -> Server {
    mcp::server!().only(module_path!()).secrets(source).build().unwrap()
}

async fn ask(server: &Server, method: &str, params: Value) -> String {
    let peer = Peer::connection().principal(Principal::new("https://issuer.example", "ada"));
    let reply =
        server.handle(stateless(1, method, params).to_string().as_bytes(), &peer).next().await.unwrap();
    String::from_utf8(reply.body().to_vec()).unwrap()
}

async fn call(server: &Server, tool: &str, arguments: Value) -> Value {
    serde_json::from_str(&ask(server, "tools/call", json!({"name": tool, "arguments": arguments})).await)
        .unwrap()
}

/// What was logged in this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn begin(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || log.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn a_secret_reaches_its_function_and_nobody_else() {
    let log = Log::default();
    let _logging = log.begin();
    let server = server(Vault::with(MARKER));
    assert_eq!(text(&call(&server, "length", json!({})).await), MARKER.len().to_string());
    let mut said = Vec::new();
    for how in ["json", "cause", "error", "deep", "repeated"] {
        said.push(call(&server, "leaks", json!({"how": how})).await.to_string());
    }
    said.push(call(&server, "fails", json!({})).await.to_string());
    said.push(ask(&server, "resources/read", json!({"uri": "secrets://page"})).await);
    for answer in &said {
        assert!(!answer.contains("5128"), "{answer}");
    }
    for at in [0, 2, 4, 5, 6] {
        assert!(said[at].contains("[redacted: SECRETS_TEST_API_KEY]"), "{}", said[at]);
    }
    let json: Value = serde_json::from_str(&said[0]).unwrap();
    assert_eq!(json["result"]["structuredContent"]["n"], 1);
    let log = log.text();
    assert!(!log.contains("5128"), "{log}");
    assert!(log.contains("cause=\"no answer: [redacted: SECRETS_TEST_API_KEY]\""), "{log}");
    assert!(log.contains("mcp::audit") && log.contains("SECRETS_TEST_API_KEY"), "{log}");
    let taken = log.lines().find(|line| line.contains("mcp::audit")).unwrap();
    assert!(taken.contains("length") && taken.contains("ada") && taken.contains("found=true"), "{taken}");
}

#[tokio::test]
async fn a_secret_is_hidden_wherever_a_result_has_texts_and_whatever_is_in_it() {
    for secret in [MARKER, "marked\u{202e}5128", "[INST]5128-5128"] {
        let said = call(&server(Vault::with(secret)), "hints", json!({})).await.to_string();
        assert!(said.contains("[redacted: SECRETS_TEST_API_KEY]") && !said.contains("5128"), "{said}");
    }
}

#[tokio::test]
async fn what_a_function_says_while_it_works_has_no_secret_in_it() {
    let mut message = stateless(1, "tools/call", json!({"name": "talks", "arguments": {}}));
    message["params"]["_meta"]["progressToken"] = json!(1);
    message["params"]["_meta"]["io.modelcontextprotocol/logLevel"] = json!("debug");
    let server = server(Vault::with("marker-5128"));
    let mut replies = server.handle(message.to_string().as_bytes(), &Peer::connection());
    let mut said = String::new();
    while let Some(reply) = replies.next().await {
        said.push_str(&String::from_utf8_lossy(reply.body()));
    }
    assert!(said.contains("notifications/progress") && said.contains("notifications/message"), "{said}");
    assert!(said.matches("[redacted: ").count() == 2 && !said.contains("5128"), "{said}");
}

#[tokio::test]
async fn a_secret_that_changes_is_the_new_one_at_the_next_call() {
    let source = Vault::with("first-secret");
    let server = server(source.clone());
    assert_eq!(text(&call(&server, "length", json!({})).await), "12");
    *source.0.lock().unwrap() = Some("second".into());
    assert_eq!(text(&call(&server, "length", json!({})).await), "6");
    *source.0.lock().unwrap() = None;
    let answer = call(&server, "length", json!({})).await;
    assert_eq!(answer["result"]["isError"], true);
    assert!(text(&answer).contains("a credential of its own is missing"), "{answer}");
}

#[tokio::test]
async fn files_are_read_at_each_use() {
    let folder = std::env::temp_dir().join(format!("mcp-secrets-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("secrets_test_api_key");
    std::fs::write(&file, "abcdef\n").unwrap();
    let server = server(FileSecrets::new(&folder));
    assert_eq!(text(&call(&server, "length", json!({})).await), "6");
    std::fs::write(&file, "abcdefgh\r\n").unwrap();
    assert_eq!(text(&call(&server, "length", json!({})).await), "8");
    std::fs::write(&file, "\u{feff}abcdef").unwrap();
    assert_eq!(text(&call(&server, "length", json!({})).await), "6");
    // One that is empty is being written just now.
    for none in [vec![], b"\n".to_vec(), vec![b'a'; 70_000]] {
        std::fs::write(&file, none).unwrap();
        assert!(text(&call(&server, "length", json!({})).await).contains("missing"));
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_server_is_not_built_without_the_secrets_that_its_functions_need() {
    let builder = || mcp::server!().only(module_path!());
    let error = builder().build().unwrap_err().to_string();
    assert!(error.contains("\"length\" needs the secret SECRETS_TEST_API_KEY"), "{error}");
    assert!(error.contains("SECRETS_TEST_API_KEY_FILE"), "{error}");
    let names_no_file = FileSecrets::new("/nowhere");
    assert!(builder().secrets(names_no_file).build().is_err());
    assert!(builder().catalogue().is_ok(), "what is only looked at needs none");
}

#[test]
fn no_form_of_a_secret_shows_it() {
    let value = SecretValue::new(MARKER);
    let secret: Secret<ApiKey> = Secret::new(value.clone());
    for shown in [format!("{value:?}"), format!("{secret:?}"), format!("{:?}", Vault::with("x").has("y"))] {
        assert!(!shown.contains("5128"), "{shown}");
    }
    assert_eq!(secret.expose(), MARKER);
}
