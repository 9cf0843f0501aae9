//! What came of a request, in a form that reads well where an assertion fails.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Asked;
use super::exchange::Heard;

/// What the call of a tool gave, and what was heard before. It prints as the text that the model would read.
#[derive(Debug, Clone)]
pub struct CallResult {
    result: Value,
    heard: Heard,
}

impl CallResult {
    pub(super) fn new(result: Value, heard: Heard) -> Self {
        Self { result, heard }
    }

    /// The text of all text blocks, joined by line ends.
    pub fn text(&self) -> String {
        let texts = self.content().iter().filter_map(|block| block.get("text")?.as_str());
        texts.collect::<Vec<_>>().join("\n")
    }

    /// The content blocks.
    pub fn content(&self) -> &[Value] {
        self.result.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// The structured content, read into a type.
    ///
    /// # Errors
    ///
    /// Where there is none, or it is of another type.
    pub fn structured<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        T::deserialize(self.result.get("structuredContent").unwrap_or(&Value::Null))
    }

    /// What the tool gave, read into a type: the structured content, or else the text as JSON.
    ///
    /// # Errors
    ///
    /// Where the tool failed, or gave something else: the error says what.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ToolFailed> {
        if self.is_error() {
            return Err(ToolFailed(format!("the tool failed: {self}")));
        }
        let read = match self.result.get("structuredContent") {
            Some(structured) => T::deserialize(structured),
            None => serde_json::from_str(&self.text()),
        };
        read.map_err(|error| {
            let wanted = std::any::type_name::<T>();
            ToolFailed(format!("the tool gave no {wanted}: {error}, in {self}"))
        })
    }

    /// The result of a tool that did not fail.
    ///
    /// ```standalone_crate
    /// # use serde_json::json;
    /// /// Fails.
    /// #[mcp::tool]
    /// async fn fail() -> Result<(), String> { Err("the shop is closed".into()) }
    ///
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// for client in mcp::testing::both(&mcp::server!().build()?) {
    ///     let failed = client.call("fail", json!({})).await?.ok().unwrap_err();
    ///     assert_eq!(failed.to_string(), "the tool failed: the shop is closed");
    /// }
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Where it failed: what it said.
    pub fn ok(self) -> Result<Self, ToolFailed> {
        if self.is_error() { Err(ToolFailed(format!("the tool failed: {self}"))) } else { Ok(self) }
    }

    /// Whether the tool failed.
    pub fn is_error(&self) -> bool {
        self.result.get("isError") == Some(&Value::Bool(true))
    }

    /// The notices of progress that came before the result: objects with `progress`, and `total` and `message` where they
    /// were given.
    pub fn progress(&self) -> &[Value] {
        &self.heard.progress
    }

    /// The log messages that came before the result: objects with `level`, `data`, and `logger` where it was given.
    pub fn logs(&self) -> &[Value] {
        &self.heard.logs
    }

    /// What the client was asked before the result, in order.
    pub fn asked(&self) -> &[Asked] {
        &self.heard.asked
    }

    /// The whole result, as it was sent.
    pub fn raw(&self) -> &Value {
        &self.result
    }
}

impl fmt::Display for CallResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |block: &Value| block.get("text").is_some_and(Value::is_string);
        match self.content() {
            blocks if !blocks.is_empty() && blocks.iter().all(plain) => f.write_str(&self.text()),
            _ => self.result.fmt(f),
        }
    }
}

/// A tool failed, or gave something else than the test wanted. `{:?}` reads as `{}` does, for `unwrap` and `?` in tests.
#[derive(Clone, PartialEq, Eq)]
pub struct ToolFailed(String);

impl fmt::Debug for ToolFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ToolFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ToolFailed {}

/// An error of the protocol, as a client sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestError {
    /// Its number; 0 where the client itself failed.
    pub code: i64,
    /// What it says.
    pub message: String,
    /// What it says to programs.
    pub data: Option<Value>,
}

impl RequestError {
    pub(super) fn from(error: &Value) -> Self {
        Self {
            code: error.get("code").and_then(Value::as_i64).unwrap_or_default(),
            message: error.get("message").and_then(Value::as_str).unwrap_or_default().into(),
            data: error.get("data").cloned(),
        }
    }

    pub(super) fn own(message: String) -> Self {
        Self { code: 0, message, data: None }
    }

    pub(super) fn cancelled() -> Self {
        Self::own("the request was cancelled".into())
    }

    pub(super) fn unreadable(error: serde_json::Error) -> Self {
        Self::own(format!("the reply cannot be read: {error}"))
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for RequestError {}
