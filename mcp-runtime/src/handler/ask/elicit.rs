//! Asking the person: to fill in a form, or to go to a page.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Ask, AskError, Context};
use crate::json::shortened;
use crate::model::Question;
use crate::schema::form;

impl Context {
    /// Asks the person before the client to fill in a form.
    ///
    /// The form is made of `T`: a struct whose fields are text, numbers, booleans, enums, or lists of an enum, optional or
    /// not, with defaults (`#[serde(default = …)]`) and limits (`#[schemars(range(…), length(…))]`). An enum whose variants
    /// have doc comments shows those. What comes back is held against the form before the function sees it.
    ///
    /// Never ask for a password or a key this way: the client and the model see what is typed. For that there is
    /// [`visit`](Self::visit). See the specification, "Elicitation".
    ///
    /// ```
    /// # use mcp::{Context, ToolError};
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// struct Confirm {
    ///     /// Whether to go on.
    ///     sure: bool,
    /// }
    ///
    /// /// Deletes a record for good.
    /// #[mcp::tool(destructive)]
    /// async fn delete_record(id: u64, cx: Context) -> Result<String, ToolError> {
    ///     let Confirm { sure: true } = cx.elicit(format!("Delete record {id}?")).await? else {
    ///         return Ok("kept".into());
    ///     };
    ///     Ok(format!("deleted {id}"))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`AskError::Declined`] and [`AskError::Dismissed`] where the person does not fill it in,
    /// [`AskError::Unsupported`] where the client has no forms; and the others that [`Ask`] names.
    pub fn elicit<T: DeserializeOwned + JsonSchema>(&self, message: impl Into<String>) -> Ask<T> {
        let message = message.into();
        let question = form::<T>().map(|form| Question::Form { message, form }).map_err(|why| {
            let kind = std::any::type_name::<T>();
            tracing::error!(kind, why, "a question cannot be asked: the type is no form");
            AskError::Unaskable { detail: format!("the server's form is none: {why}") }
        });
        Ask::new(self, question, filled_in)
    }

    /// Asks the person before the client to go to a page, such as to sign in or to pay there. What happens on the page, the
    /// client does not see.
    ///
    /// The answer says that the person agreed to go, not that he is done there. Put nothing into the URL that lets its bearer
    /// in, and see on the page that the person is the one who was asked. See the specification, "Elicitation", URL mode.
    ///
    /// ```
    /// # use mcp::{Context, ToolError};
    /// /// Connects the account.
    /// #[mcp::tool]
    /// async fn connect(cx: Context) -> Result<&'static str, ToolError> {
    ///     cx.visit("Sign in to connect your account.", "https://example.com/connect").await?;
    ///     Ok("call again when you have signed in")
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`elicit`](Self::elicit).
    pub fn visit(&self, message: impl Into<String>, url: impl Into<String>) -> Ask<()> {
        let (message, url) = (message.into(), url.into());
        let parsed = url.parse::<http::Uri>().ok();
        let web = |it: &http::Uri| matches!(it.scheme_str(), Some("https" | "http")) && it.host().is_some();
        let question = match parsed.is_some_and(|url| web(&url)) {
            true => Ok(Question::Url { message, url }),
            false => {
                Err(AskError::Unaskable { detail: format!("{:?} is no URL of a page", shortened(&url)) })
            }
        };
        Ask::new(self, question, |question, answer| accepted(question, &answer).map(drop))
    }
}

/// The content of an answer that says yes.
fn accepted(question: &Question, answer: &Value) -> Result<Map<String, Value>, AskError> {
    let asked = || question.message().to_owned();
    match answer.get("action").and_then(Value::as_str) {
        Some("accept") => match answer.get("content") {
            None => Ok(Map::new()),
            Some(Value::Object(content)) => Ok(content.clone()),
            Some(_) => Err(AskError::malformed("\"content\" must be an object")),
        },
        Some("decline") => Err(AskError::Declined { question: asked() }),
        Some("cancel") => Err(AskError::Dismissed { question: asked() }),
        _ => Err(AskError::malformed("\"action\" must be \"accept\", \"decline\" or \"cancel\"")),
    }
}

fn filled_in<T: DeserializeOwned>(question: &Question, answer: Value) -> Result<T, AskError> {
    let mut content = accepted(question, &answer)?;
    if let Question::Form { form, .. } = question {
        content = form.tidied(content);
        let faults = form.faults(&content);
        if !faults.is_empty() {
            return Err(AskError::malformed(faults.join("; ")));
        }
    }
    serde_json::from_value(Value::Object(content))
        .map_err(|error| AskError::malformed(shortened(&error.to_string()).into_owned()))
}
