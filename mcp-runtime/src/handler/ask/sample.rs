//! Asking the client's model.

use serde_json::{Map, Value, json};

use super::{Ask, AskError, Context};
use crate::handler::IntoPromptResult;
use crate::model::Question;

/// So long an answer may be in tokens, where the author does not say.
const MAX_TOKENS: u32 = 1024;

/// What the client's model answered.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Sampled {
    /// The model that answered.
    pub model: String,
    /// Why it ended, such as `endTurn` or `maxTokens`, where the client says.
    pub stop_reason: Option<String>,
    /// The content blocks, as the client gave them.
    pub content: Vec<Value>,
}

impl Sampled {
    /// The text of all text blocks, joined by line ends.
    pub fn text(&self) -> String {
        let texts = self.content.iter().filter_map(|block| block.get("text")?.as_str());
        texts.collect::<Vec<_>>().join("\n")
    }
}

impl Context {
    /// Asks the client's model: give it text, a [`PromptMessage`](crate::PromptMessage) or several. At most 1,024 tokens
    /// come back, if nothing else is said.
    ///
    /// The person before the client may read, change or refuse both the question and the answer, and the answer is whatever a
    /// model says: hold it against what you need. See the specification, "Sampling".
    ///
    /// ```
    /// # use mcp::{Context, ToolError};
    /// /// Sums up a text.
    /// #[mcp::tool]
    /// async fn sum_up(text: String, cx: Context) -> Result<String, ToolError> {
    ///     let answer = cx.sample(format!("Sum up in one sentence: {text}")).max_tokens(100).await?;
    ///     Ok(answer.text())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Ask`] names them; a person who refuses is most often an [`AskError::Failed`].
    pub fn sample(&self, messages: impl IntoPromptResult) -> Ask<Sampled> {
        let messages = messages.into_messages();
        let params = match serde_json::to_value(&messages) {
            Ok(messages) => {
                Ok(Map::from_iter([("maxTokens".into(), MAX_TOKENS.into()), ("messages".into(), messages)]))
            }
            Err(error) => Err(AskError::Unaskable { detail: error.to_string() }),
        };
        Ask::new(self, params.map(Question::Sample), read)
    }
}

impl Ask<Sampled> {
    fn set(mut self, member: &str, value: Value) -> Self {
        if let Ok(Question::Sample(params)) = &mut self.question {
            params.insert(member.to_owned(), value);
        }
        self
    }

    /// How many tokens may come back at most.
    pub fn max_tokens(self, count: u32) -> Self {
        self.set("maxTokens", count.into())
    }

    /// What the model is told to be.
    pub fn system(self, prompt: impl Into<String>) -> Self {
        self.set("systemPrompt", prompt.into().into())
    }

    /// How free the answer is, from 0 on.
    pub fn temperature(self, temperature: f64) -> Self {
        self.set("temperature", temperature.into())
    }

    /// Texts that end the answer.
    pub fn stop_at<S: Into<String>>(self, texts: impl IntoIterator<Item = S>) -> Self {
        let texts: Vec<String> = texts.into_iter().map(Into::into).collect();
        self.set("stopSequences", texts.into())
    }

    /// Names of models that would be liked, or parts of names, the best first. The client chooses.
    pub fn prefer<S: Into<String>>(self, models: impl IntoIterator<Item = S>) -> Self {
        let hints: Vec<_> = models.into_iter().map(|name| json!({"name": name.into()})).collect();
        self.set("modelPreferences", json!({"hints": hints}))
    }

    /// Tools that the model may use, each an object with `name`, `description` and `inputSchema`; the client must have
    /// declared `sampling.tools`. The model's calls are among the [`content`](Sampled::content) of its answer.
    pub fn tools(self, tools: Vec<Value>) -> Self {
        self.set("tools", tools.into())
    }
}

fn read(_: &Question, answer: Value) -> Result<Sampled, AskError> {
    let text = |member: &str| answer.get(member).and_then(Value::as_str).map(str::to_owned);
    let content = match answer.get("content") {
        Some(Value::Array(blocks)) => blocks.clone(),
        Some(block @ Value::Object(_)) => vec![block.clone()],
        _ => return Err(AskError::malformed("\"content\" must be a content block, or several")),
    };
    if content.iter().any(|block| block.get("type").and_then(Value::as_str).is_none()) {
        return Err(AskError::malformed("a content block must have a \"type\""));
    }
    let is_text = |block: &&Value| block.get("type").and_then(Value::as_str) == Some("text");
    if content.iter().filter(is_text).any(|block| !block.get("text").is_some_and(Value::is_string)) {
        return Err(AskError::malformed("a text block must have a \"text\""));
    }
    if !matches!(text("role").as_deref(), Some("user" | "assistant")) {
        return Err(AskError::malformed("\"role\" must be \"user\" or \"assistant\""));
    }
    let model = text("model").ok_or_else(|| AskError::malformed("\"model\" must be a string"))?;
    Ok(Sampled { model, stop_reason: text("stopReason"), content })
}
