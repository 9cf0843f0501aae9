//! What completes the arguments of a function: what the author named, or what their types allow.

use crate::model::{Completer, Completions, Definition};
use crate::schema::Description;

/// How each plain argument is completed.
///
/// # Errors
///
/// A function was named for an argument that is none of them.
pub(super) fn completions(definition: &Definition, described: &Description) -> Result<Completions, String> {
    let plain = |name: &str| described.fields.iter().any(|field| field.name == name);
    if let Some((name, _)) = definition.completions.iter().find(|(name, _)| !plain(name)) {
        return Err(format!(
            "`complete` of the argument \"{name}\": only what the caller gives is completed, and this is an extractor"
        ));
    }
    let completer = |field: &crate::schema::Field| {
        let named = definition.completions.iter().find(|(name, _)| *name == field.name);
        let completer = match (named, described.values(&field.schema)) {
            (Some((_, function)), _) => Completer::Function(*function),
            (None, Some(values)) => Completer::OneOf(values.into()),
            (None, None) => Completer::Nothing,
        };
        (field.name, completer)
    };
    Ok(Completions(described.fields.iter().map(completer).collect()))
}
