//! GitHub for a model: it lists repositories, reads files, and opens issues, each once.
//!
//! `GITHUB_TOKEN=… cargo run --example github -- call list_repositories owner=rust-lang` asks once; without arguments it serves
//! standard input and output. Without a token it sees what is public; `GITHUB_API_URL` names a GitHub of your own.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, fmt};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mcp::{Context, Json, ServerError, State, ToolError, Upstream, UpstreamError, Verdict};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LINK};
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// No answer is longer, in bytes: a file of a megabyte in Base64, with room to spare.
const LONGEST: usize = 2 << 20;

#[derive(Serialize, JsonSchema)]
struct Repositories {
    repositories: Vec<Repository>,
    /// The page to ask for next; none after the last.
    next_page: Option<u32>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Repository {
    full_name: String,
    description: Option<String>,
    private: bool,
    language: Option<String>,
    stargazers_count: u64,
    pushed_at: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Issue {
    number: u64,
    html_url: String,
}

/// The name of a repository, as in "rust-lang/rust".
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "String")]
struct Name {
    owner: String,
    repository: String,
}

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let allowed = |part: &str| {
            part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
                && is_segment(part)
        };
        match text.split_once('/') {
            Some((owner, repository)) if allowed(owner) && allowed(repository) => {
                Ok(Self { owner: owner.into(), repository: repository.into() })
            }
            _ => Err("a repository is named owner/name, as in rust-lang/rust"),
        }
    }
}

/// Lists the repositories of a user or an organization, those that were written to last first.
#[mcp::tool(read_only, open_world)]
async fn list_repositories(
    /// Whose; without it, those that the token may see.
    #[arg(pattern = "^[A-Za-z0-9-]{1,39}$")]
    owner: Option<String>,
    #[arg(default = 1, range = 1..)] page: u32,
    github: State<GitHub>,
    cx: Context,
) -> Result<Json<Repositories>, ToolError> {
    let path = owner.as_ref().map_or(vec!["user", "repos"], |owner| vec!["users", owner, "repos"]);
    let query = [("sort", "pushed"), ("per_page", "30"), ("page", &page.to_string())];
    let answer = github.get(&path, &query, &cx).await?;
    let links = answer.headers.get(LINK).and_then(|links| links.to_str().ok()).unwrap_or_default();
    let next_page = links.contains("rel=\"next\"").then_some(page.saturating_add(1));
    Ok(Json(Repositories { repositories: answer.content, next_page }))
}

/// Reads a text file of a repository.
#[mcp::tool(read_only, open_world)]
async fn get_file(
    repository: Name,
    /// As in src/main.rs; that of a folder tells what is in it.
    path: String,
    /// A branch, a tag or a commit; the default branch without it.
    version: Option<String>,
    github: State<GitHub>,
    cx: Context,
) -> Result<String, ToolError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Contents {
        Folder(Vec<Entry>),
        File { encoding: String, content: String, size: u64 },
        Other {},
    }
    #[derive(Deserialize)]
    struct Entry {
        name: String,
    }

    let mut segments = vec!["repos", &repository.owner, &repository.repository, "contents"];
    segments.extend(path.split('/'));
    if !path.split('/').all(is_segment) {
        return Err(ToolError::invalid_input(
            "a path is that of a file in the repository, as in src/main.rs",
        ));
    }
    let query: Vec<_> = version.iter().map(|version| ("ref", &**version)).collect();
    match github.get(&segments, &query, &cx).await?.content {
        Contents::Folder(entries) => {
            let names: Vec<_> = entries.into_iter().map(|entry| entry.name).collect();
            Err(ToolError::invalid_input(format!("{path} is a folder; in it are {}", names.join(", "))))
        }
        Contents::File { encoding, content, .. } if encoding == "base64" => {
            let bytes = STANDARD.decode(content.replace('\n', "")).ok();
            let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            text.ok_or_else(|| ToolError::invalid_input(format!("{path} is not a text")))
        }
        Contents::File { size, .. } => {
            Err(ToolError::invalid_input(format!("{path} is too long, with {size} bytes")))
        }
        Contents::Other {} => Err(ToolError::invalid_input(format!("{path} is neither a file nor a folder"))),
    }
}

/// Opens an issue. Called again with the same request_id, it opens no other one.
#[mcp::tool(idempotency = "request_id", open_world)]
async fn create_issue(
    /// Made up for this issue, such as a UUID, and sent again where it is not known whether it was opened.
    #[arg(length = 8..=64)]
    _request_id: String,
    repository: Name,
    #[arg(length = 1..=256)] title: String,
    /// In Markdown.
    #[arg(default, length = ..=65_536)]
    body: String,
    #[arg(default, length = ..=20)] labels: Vec<String>,
    github: State<GitHub>,
    cx: Context,
) -> Result<Json<Issue>, ToolError> {
    let path = ["repos", &repository.owner, &repository.repository, "issues"];
    let issue = json!({"title": title, "body": body, "labels": labels});
    Ok(Json(github.post(&path, &issue, &cx).await?.content))
}

/// Whether this stands for itself in a path: line breaks and tabs are left out of URLs, and dots go elsewhere.
fn is_segment(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.contains(char::is_control)
}

struct GitHub {
    http: Client,
    base: Url,
    upstream: Upstream<Failed>,
}

struct Answer<T> {
    headers: HeaderMap,
    content: T,
}

impl GitHub {
    /// As the environment says.
    fn new() -> mcp::Result<Self> {
        let wrong = |what: &str| ServerError::Command(format!("{what}: it is not one"));
        let base = env::var("GITHUB_API_URL").unwrap_or_else(|_| "https://api.github.com".into());
        let base: Url = base.parse().map_err(|_| wrong("the URL in GITHUB_API_URL"))?;
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static("application/vnd.github+json"));
        headers.insert("x-github-api-version", HeaderValue::from_static("2022-11-28"));
        if let Ok(token) = env::var("GITHUB_TOKEN") {
            let bearer = HeaderValue::try_from(format!("Bearer {token}"));
            let mut bearer = bearer.map_err(|_| wrong("the token in GITHUB_TOKEN"))?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        // Whatever has moved is found, without the token where that is elsewhere, and never without TLS.
        let redirects = reqwest::redirect::Policy::limited(3);
        let http = Client::builder().user_agent("mcp-github").default_headers(headers).redirect(redirects);
        let http = http.https_only(base.scheme() == "https").build();
        let http = http.map_err(|error| ServerError::Command(error.to_string()))?;
        let upstream = Upstream::new("GitHub", |failed: &Failed| failed.verdict);
        Ok(Self { http, base, upstream })
    }

    /// A request of a path, whose segments may be any text.
    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        self.http.request(method, url)
    }

    /// Reads; tried again where it fails for a moment.
    async fn get<T>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        cx: &Context,
    ) -> Result<Answer<T>, ToolError>
    where
        T: DeserializeOwned,
    {
        let made = self.upstream.call(cx, || send(self.request(Method::GET, path).query(query)));
        made.await.map_err(explain)
    }

    /// Writes; tried once.
    async fn post<T>(
        &self,
        path: &[&str],
        body: &impl Serialize,
        cx: &Context,
    ) -> Result<Answer<T>, ToolError>
    where
        T: DeserializeOwned,
    {
        let made = self.upstream.once(cx, || send(self.request(Method::POST, path).json(body)));
        made.await.map_err(explain)
    }
}

async fn send<T: DeserializeOwned>(request: RequestBuilder) -> Result<Answer<T>, Failed> {
    let mut response = request.send().await?;
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            return Err(Failed { verdict: Verdict::Failed, status, why: "the answer is too long".into() });
        }
    }
    if !status.is_success() {
        #[derive(Deserialize)]
        struct Told {
            message: String,
        }
        let why = serde_json::from_slice(&body).map_or(status.to_string(), |told: Told| told.message);
        return Err(Failed { verdict: verdict(status, &headers), status, why });
    }
    match serde_json::from_slice(&body) {
        Ok(content) => Ok(Answer { headers, content }),
        Err(error) => Err(Failed { verdict: Verdict::Failed, status, why: error.to_string() }),
    }
}

/// What GitHub says of trying again: it counts requests, and says 403 when there were too many.
fn verdict(status: StatusCode, headers: &HeaderMap) -> Verdict {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.parse::<u64>().ok();
    let counted = status == StatusCode::FORBIDDEN || status == StatusCode::TOO_MANY_REQUESTS;
    let spent = number("x-ratelimit-remaining") == Some(0);
    let reset = number("x-ratelimit-reset").filter(|_| spent).and_then(|reset| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        // It counts by the hour; clocks differ.
        Some(reset.saturating_sub(now).clamp(1, 3600))
    });
    match number("retry-after").or(reset) {
        Some(wait) if counted => Verdict::After(Duration::from_secs(wait)),
        _ => Verdict::of_http(status, headers),
    }
}

/// What the model is told.
fn explain(error: UpstreamError<Failed>) -> ToolError {
    let Some(Failed { verdict: Verdict::Refused, status, why }) = error.error() else {
        return error.into();
    };
    match status.as_u16() {
        401 => ToolError::fatal("GitHub does not know the token that this server has"),
        403 => ToolError::fatal(format!("GitHub does not allow it: {why}")),
        404 => ToolError::invalid_input("GitHub has nothing there that this server may see"),
        _ => ToolError::invalid_input(format!("GitHub says: {why}")),
    }
}

/// Why an attempt gave nothing, and whether another one may give something.
#[derive(Debug)]
struct Failed {
    verdict: Verdict,
    status: StatusCode,
    why: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status, self.why)
    }
}

impl std::error::Error for Failed {}

/// GitHub was not reached, or broke off.
impl From<reqwest::Error> for Failed {
    fn from(error: reqwest::Error) -> Self {
        Self { verdict: Verdict::Transient, status: StatusCode::BAD_GATEWAY, why: error.to_string() }
    }
}

#[tokio::main]
async fn main() -> mcp::Result<()> {
    mcp::server!().state(GitHub::new()?).run().await
}
