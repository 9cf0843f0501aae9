//! What is published beside names and schemas, where a revision knows it.

use serde::Serialize;

use super::revision::Revision;
use crate::model;

/// What everything that is offered may have, where the revision knows it.
#[derive(Serialize)]
pub(super) struct Extra<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    icons: Vec<Icon>,
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<&'a model::Meta>,
}

#[derive(Serialize)]
struct Icon {
    src: &'static str,
}

impl<'a> Extra<'a> {
    pub(super) fn new(definition: &model::Definition, meta: &'a model::Meta, revision: Revision) -> Self {
        let icons = if revision.publishes_icons() { definition.icons } else { &[] };
        Self {
            icons: icons.iter().map(|src| Icon { src }).collect(),
            meta: Some(meta).filter(|meta| revision.publishes_meta() && !meta.is_empty()),
        }
    }
}

/// Whom a resource is for, and how much it matters.
#[derive(Serialize)]
pub(super) struct Marks {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    audience: &'static [model::Role],
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<f64>,
}

impl Marks {
    pub(super) fn new(&model::Definition { audience, priority, .. }: &model::Definition) -> Option<Self> {
        (!audience.is_empty() || priority.is_some()).then_some(Self { audience, priority })
    }
}
