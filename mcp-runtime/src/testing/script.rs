//! What a client answers when it is asked: for the person before it, for its model, for itself.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};

/// Something that the client was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub(super) key: String,
    pub(super) method: String,
    pub(super) params: Value,
}

impl Asked {
    /// What the question is called: what [`key`](crate::Ask::key) says, or a name made of what is asked. A question that is
    /// asked again in one call has a number behind it.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The method that asks, such as `elicitation/create`.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// What the person is told; or the text of the last message to the model.
    pub fn message(&self) -> &str {
        let told = self.params.get("message").and_then(Value::as_str);
        let last = || {
            let content = self.params.get("messages")?.as_array()?.last()?.get("content")?;
            content.get("text").or_else(|| content.get(0)?.get("text"))?.as_str()
        };
        told.or_else(last).unwrap_or_default()
    }

    /// The page that the person is sent to; `None` where it is a form.
    pub fn url(&self) -> Option<&str> {
        self.params.get("url").and_then(Value::as_str)
    }

    /// Everything that was sent.
    pub fn params(&self) -> &Value {
        &self.params
    }
}

/// What the person before the client does when asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Elicited {
    action: &'static str,
    content: Value,
}

/// Fills in a form; or visits a page, where the content is left away.
///
/// ```
/// # use serde_json::json;
/// let answer = mcp::testing::accept(json!({"sure": true}));
/// ```
pub fn accept(content: Value) -> Elicited {
    Elicited { action: "accept", content }
}

/// Says no.
pub fn decline() -> Elicited {
    Elicited { action: "decline", content: Value::Null }
}

/// Closes the question without an answer.
pub fn cancel() -> Elicited {
    Elicited { action: "cancel", content: Value::Null }
}

/// What the client's model answers: text, or a whole result in JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample(Value);

impl From<Value> for Sample {
    fn from(result: Value) -> Self {
        Self(result)
    }
}

impl From<String> for Sample {
    fn from(text: String) -> Self {
        let content = json!({"type": "text", "text": text});
        Self(
            json!({"role": "assistant", "model": "mcp-testing", "stopReason": "endTurn", "content": content}),
        )
    }
}

impl From<&str> for Sample {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

type Elicit = Arc<dyn Fn(&Asked) -> Option<Elicited> + Send + Sync>;
type Sampler = Arc<dyn Fn(&Asked) -> Sample + Send + Sync>;

/// Answers, one after the other.
pub(super) fn in_order(answers: impl IntoIterator<Item = Elicited>) -> Elicit {
    let left = Mutex::new(answers.into_iter().collect::<VecDeque<_>>());
    Arc::new(move |_| left.lock().unwrap_or_else(PoisonError::into_inner).pop_front())
}

/// All answers of a client.
#[derive(Clone, Default)]
pub(super) struct Script {
    pub(super) elicit: Option<Elicit>,
    pub(super) sample: Option<Sampler>,
    pub(super) roots: Option<Vec<String>>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Script").field(&self.capabilities()).finish()
    }
}

impl Script {
    /// What a client declares that has answers.
    pub(super) fn capabilities(&self) -> Value {
        let mut declared = Map::new();
        if self.elicit.is_some() {
            declared.insert("elicitation".into(), json!({"form": {}, "url": {}}));
        }
        if self.sample.is_some() {
            declared.insert("sampling".into(), json!({"tools": {}}));
        }
        if self.roots.is_some() {
            declared.insert("roots".into(), json!({}));
        }
        Value::Object(declared)
    }

    /// The answer to a question; `None` where there is none.
    pub(super) fn answer(&self, asked: &Asked) -> Option<Value> {
        match asked.method.as_str() {
            "elicitation/create" => {
                let Elicited { action, content } = self.elicit.as_ref()?(asked)?;
                let mut answer = json!({"action": action});
                if action == "accept" && asked.url().is_none() {
                    answer["content"] = content;
                }
                Some(answer)
            }
            "sampling/createMessage" => Some(self.sample.as_ref()?(asked).0),
            "roots/list" => {
                let roots: Vec<_> = self.roots.as_ref()?.iter().map(|uri| json!({"uri": uri})).collect();
                Some(json!({"roots": roots}))
            }
            _ => None,
        }
    }
}
