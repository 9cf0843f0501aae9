//! The measured tools on rmcp, the official Rust SDK.
//!
//! No argument serves stdio, `--http ADDRESS` serves Streamable HTTP at `/mcp`, both wired as rmcp's README and
//! examples do it. `--tuned` takes the best that it offers instead: non-blocking pipes; over HTTP no sessions, JSON
//! replies, one set of tools that is cloned instead of built for each request, and `TCP_NODELAY`.

use axum::serve::ListenerExt;
use rmcp::{
    Json, ServerHandler, ServiceExt,
    handler::server::{router::tool::ToolRouter, wrapper::Parameters},
    schemars, tool, tool_handler, tool_router,
    transport::{
        io::stdio_pipes,
        stdio,
        streamable_http_server::{
            StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
        },
    },
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tools::{Filter, SearchResult};

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct AddParams {
    /// First addend.
    a: i64,
    /// Second addend.
    b: i64,
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct EchoParams {
    /// The text to return.
    text: String,
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct SearchParams {
    /// What to search for.
    query: String,
    /// What a record must satisfy.
    filter: Filter,
    /// The largest number of records.
    limit: u32,
}

#[derive(Clone)]
struct Tools {
    tool_router: ToolRouter<Self>,
}

#[tool_router]
impl Tools {
    fn new() -> Self {
        Self { tool_router: Self::tool_router() }
    }

    #[tool(description = "Adds two numbers.", annotations(read_only_hint = true))]
    async fn add(&self, Parameters(AddParams { a, b }): Parameters<AddParams>) -> String {
        (a + b).to_string()
    }

    #[tool(description = "Returns the text that it is given.", annotations(read_only_hint = true))]
    async fn echo(&self, Parameters(EchoParams { text }): Parameters<EchoParams>) -> String {
        text
    }

    #[tool(description = "Searches the documents.", annotations(read_only_hint = true))]
    async fn search(&self, Parameters(params): Parameters<SearchParams>) -> Json<SearchResult> {
        Json(tools::search(params.query, &params.filter, params.limit))
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Tools {}

/// As `counter_streamhttp.rs` in rmcp's examples does it.
async fn serve_http(address: &str) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let service: StreamableHttpService<Tools, LocalSessionManager> = StreamableHttpService::new(
        || Ok(Tools::new()),
        Default::default(),
        StreamableHttpServerConfig::default().with_cancellation_token(stop.child_token()),
    );
    let router = axum::Router::new().nest_service("/mcp", service);
    let listener = TcpListener::bind(address).await?;
    axum::serve(listener, router).with_graceful_shutdown(interrupted(stop)).await?;
    Ok(())
}

async fn serve_http_tuned(address: &str) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let tools = Tools::new();
    let service: StreamableHttpService<Tools, LocalSessionManager> = StreamableHttpService::new(
        move || Ok(tools.clone()),
        Default::default(),
        StreamableHttpServerConfig::default()
            .with_cancellation_token(stop.child_token())
            .with_legacy_session_mode(false)
            .with_json_response(true),
    );
    let router = axum::Router::new().nest_service("/mcp", service);
    let listener = TcpListener::bind(address).await?.tap_io(|stream| {
        // Fails only if the connection is gone already, which serving it will find.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).with_graceful_shutdown(interrupted(stop)).await?;
    Ok(())
}

async fn interrupted(stop: CancellationToken) {
    if tokio::signal::ctrl_c().await.is_ok() {
        stop.cancel();
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let tuned = arguments.iter().any(|argument| argument == "--tuned");
    if let Some(at) = arguments.iter().position(|argument| argument == "--http") {
        let address = arguments.get(at + 1).map_or("127.0.0.1:8080", String::as_str);
        return if tuned { serve_http_tuned(address).await } else { serve_http(address).await };
    }
    if tuned {
        Tools::new().serve(stdio_pipes()).await?.waiting().await?;
    } else {
        Tools::new().serve(stdio()).await?.waiting().await?;
    }
    Ok(())
}
