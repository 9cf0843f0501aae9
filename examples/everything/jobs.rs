//! Tools that become tasks.

use std::time::Duration;

use mcp::{Context, Error, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

/// Greets, at once.
#[mcp::tool]
async fn greet(
    /// Who is greeted.
    name: String,
) -> String {
    format!("Hello, {name}!")
}

/// Computes slowly, a second at a time.
#[mcp::tool(task)]
async fn slow_compute(
    /// How long, in seconds; at most a minute.
    seconds: u64,
    /// What is computed.
    label: String,
    cx: Context,
) -> String {
    for done in 0..seconds.min(60) {
        #[allow(clippy::cast_precision_loss, reason = "it is a minute at most")]
        cx.progress((done as f64, seconds as f64));
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    format!("{label}: computed for {seconds} s")
}

/// Fails after a second, and can only be a task.
#[mcp::tool(task(required))]
async fn failing_job() -> Result<String, ToolError> {
    tokio::time::sleep(Duration::from_secs(1)).await;
    Err(ToolError::fatal("this job fails, as it should"))
}

/// Ends with an error of the protocol.
#[mcp::tool(task)]
async fn protocol_error_job() -> Result<String, Error> {
    tokio::time::sleep(Duration::from_millis(50)).await;
    Err(Error::internal("this job breaks, as it should"))
}

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    /// Whether to go on.
    confirm: bool,
}

/// Asks before it deletes. Nothing is deleted.
#[mcp::tool(task)]
async fn confirm_delete(
    /// What is deleted.
    filename: String,
    cx: Context,
) -> Result<String, ToolError> {
    let answer: Confirmation = cx.elicit(format!("Delete {filename}?")).key("confirm").await?;
    Ok(if answer.confirm { format!("deleted {filename}") } else { format!("kept {filename}") })
}

#[derive(Deserialize, JsonSchema)]
struct Name {
    /// A name.
    name: String,
}

/// Asks two things at once.
#[mcp::tool(task)]
async fn multi_input(cx: Context) -> Result<String, ToolError> {
    let first = cx.elicit::<Name>("A first name?").key("first");
    let second = cx.elicit::<Name>("A second name?").key("second");
    let (first, second) = tokio::try_join!(first, second)?;
    Ok(format!("{} and {}", first.name, second.name))
}

/// Asks first, and then becomes a task.
#[mcp::tool(task(deferred, required))]
async fn test_tool_with_task(cx: Context) -> Result<String, ToolError> {
    let Name { name } = cx.elicit("What is your name?").key("user_name").await?;
    cx.start_task().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    Ok(format!("Hello, {name}! This was a task."))
}
