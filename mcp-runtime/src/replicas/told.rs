//! What one machine tells the others.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::changes::{Change, LONGEST_TOPIC};
use crate::model::ListingKind;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Told {
    /// Other tools are listed.
    Tools,
    /// Other prompts are.
    Prompts,
    /// Other resources or templates are.
    Resources,
    /// A resource has other contents.
    Updated(String),
    /// A session is another than before: what is kept of it has changed, by name.
    Session { number: String, changes: Vec<(String, Option<String>)> },
    /// A client has answered what a session has asked.
    Answer { session: String, id: String, answer: Result<Box<RawValue>, Box<RawValue>> },
    /// A client cancels a call.
    Cancel { session: String, id: String },
    /// A client cancels a task, which is his.
    CancelTask { id: String },
    /// A client answers what a task asks, which is his.
    AnswerTask { id: String, answers: Map<String, Value> },
}

impl Told {
    /// What the others are told of a change, if they are. What extensions know is of one machine alone.
    pub(crate) fn of(change: &Change) -> Option<Self> {
        Some(match change {
            Change::List(ListingKind::Tools) => Self::Tools,
            Change::List(ListingKind::Prompts) => Self::Prompts,
            Change::List(ListingKind::Resources | ListingKind::Templates) => Self::Resources,
            // Nobody can listen to a longer one.
            Change::Resource(uri) if uri.len() <= LONGEST_TOPIC => Self::Updated(uri.clone()),
            Change::Resource(_) | Change::Extension { .. } => return None,
        })
    }

    /// The change that it tells of, if it is one.
    pub(crate) fn change(self) -> Option<Change> {
        Some(match self {
            Self::Tools => Change::List(ListingKind::Tools),
            Self::Prompts => Change::List(ListingKind::Prompts),
            Self::Resources => Change::List(ListingKind::Resources),
            Self::Updated(uri) => Change::Resource(uri),
            Self::Session { .. }
            | Self::Answer { .. }
            | Self::Cancel { .. }
            | Self::CancelTask { .. }
            | Self::AnswerTask { .. } => return None,
        })
    }
}
