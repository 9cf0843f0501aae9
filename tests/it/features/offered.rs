//! A server that offers something of everything that revisions differ in.

use std::time::Duration;

use mcp::{
    Audio, BoxFuture, Content, Context, Error, Extension, ExtensionMethod, Image, Json, Level, Link,
    Progress, Server, Tasks, ToolError, WithMeta,
};
use serde_json::{Map, Value, json};

/// Adds.
#[mcp::tool(
    read_only,
    title = "Add",
    icon = "https://example.com/add.png",
    meta = { "com.example/team": "sums" },
)]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct One {
    one: i64,
}

/// Gives an object.
#[mcp::tool]
async fn object() -> Json<One> {
    Json(One { one: 1 })
}

/// Gives a list.
#[mcp::tool]
async fn list() -> Json<Vec<i64>> {
    Json(vec![1, 2])
}

/// Gives a block of each kind.
#[mcp::tool]
async fn blocks() -> [Content; 3] {
    [
        Image::png(b"png").into(),
        Audio::wav(b"wave").into(),
        Link::new("features://item/1", "item").title("Item").into(),
    ]
}

/// Gives a result with `_meta`.
#[mcp::tool]
async fn metered() -> WithMeta<&'static str> {
    WithMeta::new("metered").meta("com.example/cost", 1)
}

/// Says how far it has come.
#[mcp::tool]
async fn tells(cx: Context) -> &'static str {
    cx.progress(Progress::new(1.0).of(2.0).message("half"));
    "told"
}

/// Logs.
#[mcp::tool]
async fn logs(cx: Context) -> &'static str {
    cx.log(Level::Debug, "a detail");
    "logged"
}

/// Waits for very long.
#[mcp::tool]
async fn waits() -> &'static str {
    tokio::time::sleep(Duration::from_secs(3600)).await;
    "waited"
}

/// Takes very long, and may be a task.
#[mcp::tool(task)]
async fn works() -> &'static str {
    tokio::time::sleep(Duration::from_secs(3600)).await;
    "worked"
}

/// Shows a page.
#[mcp::tool(app = "ui://features/page")]
async fn shows() -> &'static str {
    "shown"
}

/// The page.
#[mcp::resource("ui://features/page", mime = "text/html;profile=mcp-app")]
async fn page() -> &'static str {
    "<p>shown</p>"
}

/// Takes an argument that clients repeat in a header.
#[mcp::tool]
async fn routed(#[arg(header = "Region")] region: String) -> String {
    region
}

/// Tells the trace.
#[mcp::tool]
async fn traced(cx: Context) -> String {
    cx.trace_parent().unwrap_or("none").to_owned()
}

/// Never changes.
#[mcp::resource("features://fixed")]
async fn fixed() -> &'static str {
    "fixed"
}

/// One of many.
#[mcp::resource("features://item/{id}")]
async fn item(id: String) -> String {
    id
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Green,
}

/// Praises a colour.
#[mcp::prompt]
async fn praise(colour: Colour) -> String {
    format!("Praise {colour:?}.")
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Name {
    name: String,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Colours {
    colours: Vec<Colour>,
}

/// Asks with a form.
#[mcp::tool]
async fn ask_form(cx: Context) -> Result<String, ToolError> {
    Ok(cx.elicit::<Name>("Who?").await?.name)
}

/// Asks with a list to choose from.
#[mcp::tool]
async fn ask_choices(cx: Context) -> Result<String, ToolError> {
    let chosen = cx.elicit::<Colours>("Which?").await?.colours;
    Ok(if matches!(chosen[..], [Colour::Red]) { "Ada" } else { "nothing" }.into())
}

/// Asks to visit a page.
#[mcp::tool]
async fn ask_visit(cx: Context) -> Result<&'static str, ToolError> {
    cx.visit("Sign in.", "https://example.com").await?;
    Ok("Ada")
}

/// Asks the model.
#[mcp::tool]
async fn ask_sample(cx: Context) -> Result<String, ToolError> {
    Ok(cx.sample("Who?").await?.text())
}

/// Asks where the client works.
#[mcp::tool]
async fn ask_roots(cx: Context) -> Result<String, ToolError> {
    let roots = cx.roots().await?;
    Ok(roots.into_iter().map(|root| root.uri).collect::<String>().replace("file:///", ""))
}

pub const TASKS: &str = "io.modelcontextprotocol/tasks";
pub const APPS: &str = "io.modelcontextprotocol/ui";
pub const CLOCK: &str = "com.example/clock";

struct Clock;

impl Extension for Clock {
    fn id(&self) -> &'static str {
        CLOCK
    }

    fn methods(&self) -> &'static [ExtensionMethod] {
        const METHODS: &[ExtensionMethod] = &[ExtensionMethod::new("clock/read")];
        METHODS
    }

    fn call<'a>(
        &'a self,
        _: &'static str,
        _: Map<String, Value>,
        _: Context,
    ) -> BoxFuture<'a, Result<Map<String, Value>, Error>> {
        Box::pin(async { Ok(Map::from_iter([("time".into(), json!("noon"))])) })
    }
}

pub fn server() -> Server {
    mcp::server!()
        .only(module_path!())
        .description("All that revisions differ in.")
        .website("https://example.com")
        .page_size(3)
        .tasks(Tasks::new().patience(Duration::ZERO))
        .extension(Clock)
        .build()
        .unwrap()
}
