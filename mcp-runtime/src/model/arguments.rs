//! What a call brings for the arguments of its function.

use std::fmt;

use crate::json::Object;

/// The arguments of a call, not yet read into types.
#[derive(Clone)]
pub(crate) enum Arguments {
    /// Members of a JSON object: tools.
    Json(Object),
    /// Named strings: prompt arguments and the variables of a URI template.
    Text(Vec<(String, String)>),
}

/// Names alone: whoever knows which of the values are secret shows the others with [`Arguments::shown`].
impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// Arguments with their values, but for the secret ones.
pub(crate) struct Shown<'a, F>(&'a Arguments, F);

impl<F: Fn(&str) -> bool> fmt::Debug for Shown<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for name in self.0.names() {
            let value = match self.0 {
                _ if (self.1)(&name) => Some("(secret)"),
                Arguments::Json(object) => object.get(&name),
                Arguments::Text(pairs) => {
                    pairs.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
                }
            };
            map.entry(&name, &format_args!("{}", value.unwrap_or_default()));
        }
        map.finish()
    }
}

impl Arguments {
    /// The arguments for a log, without the values of those that are secret.
    pub(crate) fn shown<F: Fn(&str) -> bool>(&self, secret: F) -> Shown<'_, F> {
        Shown(self, secret)
    }

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
