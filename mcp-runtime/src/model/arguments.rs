//! What a call brings for the arguments of its function.

use crate::json::Object;

/// The arguments of a call, not yet read into types.
#[derive(Debug, Clone)]
pub(crate) enum Arguments {
    /// Members of a JSON object: tools.
    Json(Object),
    /// Named strings: prompt arguments and the variables of a URI template.
    Text(Vec<(String, String)>),
}

impl Arguments {
    pub(crate) fn none() -> Self {
        Self::Text(Vec::new())
    }

    /// The names that are there, or that nobody has taken yet.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Self::Json(object) => object.names().map(Into::into).collect(),
            Self::Text(pairs) => pairs.iter().map(|(name, _)| name.clone()).collect(),
        }
    }
}
