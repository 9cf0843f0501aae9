//! What is known of a task.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::model::Principal;
use crate::model::time::utc;

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TaskStatus {
    /// It is under way.
    Working,
    /// It waits for answers of the client.
    InputRequired,
    /// It has a result, be it one of a tool that failed.
    Completed,
    /// It ended with an error of the protocol.
    Failed,
    /// It was cancelled, or took too long.
    Cancelled,
}

impl TaskStatus {
    /// Whether nothing more will come of it.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// What is known of a task, as a [`TaskStore`](crate::TaskStore) keeps it. It can be written as JSON and read again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TaskRecord {
    /// Its id, which cannot be guessed.
    pub id: String,
    /// Who began it: issuer and subject, where that is known. Nobody else is told of it.
    pub owner: Option<(String, String)>,
    /// The program that began it for him, where the issuer says so. It is part of who he is.
    #[serde(default)]
    pub client: Option<String>,
    /// What its tool takes: whoever asks for the task must still be allowed that.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// How far it is.
    pub status: TaskStatus,
    /// A word about that, for people.
    pub message: Option<String>,
    /// When it began.
    pub created: SystemTime,
    /// When something was last heard of it.
    pub updated: SystemTime,
    /// For how long it is kept, in milliseconds from its beginning on.
    pub keep_ms: u64,
    /// How often to ask for it, in milliseconds.
    pub poll_ms: u64,
    /// What it gave: the result of the call.
    pub result: Option<Value>,
    /// What it ended with: the error of the call.
    pub error: Option<Value>,
    /// What it asks, by key.
    pub questions: Map<String, Value>,
}

impl TaskRecord {
    /// Whether it is this caller's.
    pub(super) fn belongs_to(&self, principal: &Principal) -> bool {
        self.owner == owner(principal) && self.client.as_deref() == principal.client()
    }

    /// Whether it is no longer kept.
    pub(super) fn is_forgotten(&self, now: SystemTime) -> bool {
        now.duration_since(self.created).is_ok_and(|age| age.as_millis() >= u128::from(self.keep_ms))
    }

    /// What every message about it says.
    pub(crate) fn head(&self) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("taskId".into(), self.id.as_str().into());
        members.insert("status".into(), json!(self.status));
        if let Some(message) = &self.message {
            members.insert("statusMessage".into(), message.as_str().into());
        }
        members.insert("createdAt".into(), utc(self.created).unwrap_or_default().into());
        members.insert("lastUpdatedAt".into(), utc(self.updated).unwrap_or_default().into());
        members.insert("ttlMs".into(), self.keep_ms.into());
        members.insert("pollIntervalMs".into(), self.poll_ms.into());
        members
    }

    /// All that is known of it.
    pub(super) fn detail(&self) -> Map<String, Value> {
        let mut members = self.head();
        match self.status {
            TaskStatus::Completed => {
                members.insert("result".into(), self.result.clone().unwrap_or_default());
            }
            TaskStatus::Failed => {
                members.insert("error".into(), self.error.clone().unwrap_or_default());
            }
            TaskStatus::InputRequired => {
                members.insert("inputRequests".into(), self.questions.clone().into());
            }
            TaskStatus::Working | TaskStatus::Cancelled => {}
        }
        members
    }
}

pub(super) fn owner(principal: &Principal) -> Option<(String, String)> {
    Some((principal.issuer()?.to_owned(), principal.subject()?.to_owned()))
}
