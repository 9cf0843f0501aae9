//! What one machine tells the others.

use serde::{Deserialize, Serialize};

use crate::changes::{Change, LONGEST_TOPIC};
use crate::model::ListingKind;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
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

    pub(crate) fn change(self) -> Change {
        match self {
            Self::Tools => Change::List(ListingKind::Tools),
            Self::Prompts => Change::List(ListingKind::Prompts),
            Self::Resources => Change::List(ListingKind::Resources),
            Self::Updated(uri) => Change::Resource(uri),
        }
    }
}
