//! What a running server tells on its own: log messages, and what has changed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp::{Context, Level, Server};

/// Logs while it works.
#[mcp::tool]
async fn test_tool_with_logging(cx: Context) -> &'static str {
    for said in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        cx.log(Level::Info, said);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    "logged"
}

/// Logs once, for whoever wants to read it.
#[mcp::tool]
async fn test_logging_tool(cx: Context) -> &'static str {
    cx.log(Level::Info, "the tool was called");
    "logged"
}

/// Lets go of its connection, and is done a moment after its client is back.
#[mcp::tool]
async fn test_reconnection(cx: Context) -> &'static str {
    cx.hang_up(Duration::from_millis(500));
    tokio::time::sleep(Duration::from_secs(1)).await;
    "still here"
}

/// Comes and goes.
#[mcp::tool]
async fn sometimes() -> &'static str {
    "here just now"
}

/// Comes and goes.
#[mcp::prompt]
async fn sometimes_a_prompt() -> &'static str {
    "Here just now."
}

/// Switches the tool `sometimes` off, or on again.
#[mcp::tool]
async fn test_trigger_tool_change(server: Server) -> &'static str {
    if server.disable_tool("sometimes") {
        return "switched off";
    }
    server.enable_tool("sometimes");
    "switched on"
}

/// Switches the prompt `sometimes_a_prompt` off, or on again.
#[mcp::tool]
async fn test_trigger_prompt_change(server: Server) -> &'static str {
    if server.disable_prompt("sometimes_a_prompt") {
        return "switched off";
    }
    server.enable_prompt("sometimes_a_prompt");
    "switched on"
}

static TOUCHED: AtomicUsize = AtomicUsize::new(0);

/// How often it was touched.
#[mcp::resource("test://watched-resource", mime = "text/plain")]
async fn watched_resource() -> String {
    format!("touched {} times", TOUCHED.load(Ordering::Relaxed))
}

/// Changes the watched resource.
#[mcp::tool]
async fn touch_watched_resource(server: Server) -> String {
    let times = TOUCHED.fetch_add(1, Ordering::Relaxed) + 1;
    server.resource_updated("test://watched-resource");
    format!("touched {times} times")
}

/// Logs with `tracing`, for its log and for the client's.
#[mcp::tool]
async fn traced() -> &'static str {
    tracing::warn!(left = 3, "nearly empty");
    tracing::debug!(target: "somewhere_else", "not for clients");
    "traced"
}

/// Logs with `tracing`, from a thread where it may block.
#[mcp::tool]
fn traced_while_blocking() -> &'static str {
    tracing::info!("blocking");
    "traced"
}
