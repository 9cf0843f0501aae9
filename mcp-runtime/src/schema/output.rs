//! Whether what a tool gives is what its output schema says.
//!
//! With the feature `validate` everything that the schema says is looked at; without it, what a walk over it knows: types,
//! names, values and the bounds of plain values.

use serde_json::Value;

use super::full::Validator;
use super::walk::{Problem, Walk};
use super::words::cut;
use crate::json::Node;

/// Checks results.
#[derive(Debug)]
pub(crate) struct OutputCheck {
    schema: Value,
    full: Option<Validator>,
}

/// A result that is not what was promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrokenOutput {
    path: String,
    problem: String,
}

impl std::fmt::Display for BrokenOutput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, problem } = self;
        f.write_str("the result is not what the output schema says: ")?;
        if path.is_empty() { f.write_str(problem) } else { write!(f, "at {path}: {problem}") }
    }
}

impl std::error::Error for BrokenOutput {}

impl OutputCheck {
    pub(crate) fn new(schema: &Value) -> Self {
        Self { schema: schema.clone(), full: Validator::new(schema).ok() }
    }

    /// What is wrong first with a result, if anything is. Values are not told, as they may be anything.
    pub(crate) fn broken(&self, raw: &str) -> Option<BrokenOutput> {
        if let Some(full) = &self.full {
            if full.holds(raw) {
                return None;
            }
            let (path, problem) = full.said(raw).into_iter().next()?;
            return Some(BrokenOutput { path, problem });
        }
        let node = Node::read(raw)?;
        let fault = Walk::new(&self.schema).all(&self.schema, &node).into_iter().next()?;
        let problem = match fault.problem {
            Problem::Missing { expected } => format!("it is missing, and should be {expected}"),
            Problem::Wrong { expected, .. } => format!("it should be {expected}"),
            Problem::Unknown { .. } => "there is no such member".to_owned(),
        };
        Some(BrokenOutput { path: cut(&fault.path, 200), problem })
    }
}
