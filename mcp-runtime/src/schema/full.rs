//! Validators of whole schemas, with the crate `jsonschema`, which nobody outside this file knows.

use serde_json::Value;

use super::words::cut;

/// Checks values by everything that a schema says.
pub(crate) struct Validator(jsonschema::Validator);

impl std::fmt::Debug for Validator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Validator").finish_non_exhaustive()
    }
}

/// So much is said of one value.
const MOST: usize = 20;

impl Validator {
    /// Whether schemas can be checked as a whole in this build.
    pub(crate) const IS_THERE: bool = true;

    /// # Errors
    ///
    /// What is wrong with the schema.
    pub(crate) fn new(schema: &Value) -> Result<Self, String> {
        let patterns = jsonschema::PatternOptions::regex();
        let options = jsonschema::draft202012::options().with_pattern_options(patterns);
        options.build(schema).map(Self).map_err(|error| cut(&error.to_string(), 300))
    }

    pub(crate) fn holds(&self, raw: &str) -> bool {
        serde_json::from_str(raw).is_ok_and(|value| self.0.is_valid(&value))
    }

    /// What is wrong, and where: as in `items[2].name`. Values are not told.
    pub(crate) fn said(&self, raw: &str) -> Vec<(String, String)> {
        let Ok(value) = serde_json::from_str::<Value>(raw) else { return Vec::new() };
        let errors = self.0.iter_errors(&value).take(MOST);
        errors
            .map(|error| {
                let place = path(error.instance_path().as_str());
                (place, cut(&error.masked_with("what came").to_string(), 200))
            })
            .collect()
    }
}

/// A JSON pointer, as it is read.
fn path(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push_str(&format!("[{part}]"));
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&cut(&part.replace("~1", "/").replace("~0", "~"), 60));
        }
    }
    cut(&path, 200)
}
