//! What a client is asked while a call runs, and how it is known again.

use serde_json::{Map, Value};

use super::{Client, Form};

/// Something that the client, its model or the person before it is asked.
#[derive(Debug, Clone)]
pub(crate) enum Question {
    /// The person fills in a form.
    Form { message: String, form: Form },
    /// The person goes to a page.
    Url { message: String, url: String },
    /// The client's model answers.
    Sample(Map<String, Value>),
    /// The client says where it works.
    Roots,
}

impl Question {
    /// A word for keys and messages.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Form { .. } => "elicit",
            Self::Url { .. } => "visit",
            Self::Sample(_) => "sample",
            Self::Roots => "roots",
        }
    }

    /// What the person is told.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Form { message, .. } | Self::Url { message, .. } => message,
            Self::Sample(_) => "the request to the client's model",
            Self::Roots => "the request for the client's roots",
        }
    }

    /// What the client must have declared, from the capability inwards.
    pub(crate) fn requires(&self) -> &'static [&'static str] {
        match self {
            Self::Form { .. } => &["elicitation", "form"],
            Self::Url { .. } => &["elicitation", "url"],
            Self::Sample(params) if params.contains_key("tools") => &["sampling", "tools"],
            Self::Sample(_) => &["sampling"],
            Self::Roots => &["roots"],
        }
    }

    /// Whether a client declared what the question requires. Who declares elicitation and no way of it means forms.
    pub(crate) fn may_be_asked(&self, client: &Client) -> bool {
        let Some(declared) = client.declared() else { return false };
        let inner = |found: &Value, name: &str| found.get(name).filter(|it| it.is_object()).cloned();
        let only_forms = || {
            let ways = inner(&declared, "elicitation");
            ways.is_some_and(|ways| ways.get("form").is_none() && ways.get("url").is_none())
        };
        let found = self.requires().iter().try_fold(declared.clone(), |found, name| inner(&found, name));
        found.is_some() || (matches!(self, Self::Form { .. }) && only_forms())
    }

    /// A number for what is asked: another question has another. It is the same in every build and on every machine
    /// (FNV-1a); nothing rests on its being hard to forge.
    pub(crate) fn digest(&self) -> u64 {
        let content = match self {
            Self::Form { form, .. } => serde_json::to_string(form),
            Self::Url { url, .. } => serde_json::to_string(url),
            Self::Sample(params) => serde_json::to_string(params),
            Self::Roots => Ok(String::new()),
        };
        let parts = [self.word(), self.message(), &content.unwrap_or_default()];
        let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }
}

/// A capability as clients declare it: `["elicitation", "url"]` is `{"elicitation": {"url": {}}}`.
pub(crate) fn declaration(path: &[&str]) -> Value {
    let outside = |inner: Value, name: &&str| Value::Object(Map::from_iter([((*name).to_owned(), inner)]));
    path.iter().rev().fold(Value::Object(Map::new()), outside)
}
