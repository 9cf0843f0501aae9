//! Questions to the client as the protocol writes them: the same object is a request of a stateful server, and part of a
//! result of a stateless one.

use serde::Serialize;
use serde_json::{Map, Value};

use super::revision::Revision;
use crate::model::{Form, FormField, Question};

/// A question with its method, as one revision writes it.
#[derive(Debug, Serialize)]
pub(super) struct Written<'a> {
    method: &'static str,
    params: Params<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Params<'a> {
    #[serde(rename_all = "camelCase")]
    Form {
        message: &'a str,
        requested_schema: std::borrow::Cow<'a, Form>,
    },
    #[serde(rename_all = "camelCase")]
    Url {
        mode: &'static str,
        message: &'a str,
        url: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        elicitation_id: Option<String>,
    },
    Sample(&'a Map<String, Value>),
    Roots {},
}

impl<'a> Written<'a> {
    /// `number` tells questions of one session apart. `None` where the revision cannot ask this.
    pub(super) fn new(question: &'a Question, revision: Revision, number: Option<u64>) -> Option<Self> {
        Some(match question {
            Question::Form { message, form } if revision.elicits() => Self {
                method: "elicitation/create",
                params: Params::Form { message, requested_schema: projected(form, revision)? },
            },
            Question::Url { message, url } if revision.visits() => {
                let elicitation_id = number.map(|number| number.to_string());
                let params = Params::Url { mode: "url", message, url, elicitation_id };
                Self { method: "elicitation/create", params }
            }
            Question::Form { .. } | Question::Url { .. } => return None,
            Question::Sample(params) => {
                Self { method: "sampling/createMessage", params: Params::Sample(params) }
            }
            Question::Roots => Self { method: "roots/list", params: Params::Roots {} },
        })
    }
}

/// A form for a revision: the first one that had forms knew no lists, and other titles and fewer defaults.
fn projected(form: &Form, revision: Revision) -> Option<std::borrow::Cow<'_, Form>> {
    if revision.has_rich_forms() {
        return Some(std::borrow::Cow::Borrowed(form));
    }
    let field = |field: &FormField| {
        let mut schema = field.schema.clone();
        let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        if kind == "array" {
            return None;
        }
        if kind != "boolean" {
            schema.remove("default");
        }
        if let Some(Value::Array(options)) = schema.remove("oneOf") {
            let every =
                |key: &str| options.iter().filter_map(|option| option.get(key).cloned()).collect::<Value>();
            schema.insert("enum".into(), every("const"));
            schema.insert("enumNames".into(), every("title"));
        }
        Some(FormField { schema, ..field.clone() })
    };
    let fields = form.fields.iter().map(field).collect::<Option<_>>()?;
    Some(std::borrow::Cow::Owned(Form { fields }))
}

/// A question as it is told by whoever is asked about it, in the newest revision's way.
pub(crate) fn question_to_tell(question: &Question) -> Option<Value> {
    let written = Written::new(question, Revision::LATEST_STATELESS, None)?;
    serde_json::to_value(written).ok()
}
