//! The secrets that were handed out, so that they can be taken out of whatever leaves.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use super::SecretValue;

/// Secrets that were handed out.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Mostly there is none.
    any: AtomicBool,
    values: RwLock<Vec<Held>>,
}

#[derive(Debug)]
struct Held {
    name: &'static str,
    /// When it was handed out, among the others.
    number: u64,
    value: SecretValue,
    /// As it stands in JSON, where that is another way.
    escaped: Option<SecretValue>,
}

/// Shorter ones are parts of too many words.
const SHORTEST: usize = 6;
/// So many values of one name are known, since old ones are at work for a while when a secret changes.
const MOST: usize = 4;

impl Known {
    /// Takes a secret out of whatever leaves from now on.
    pub(super) fn add(&self, name: &'static str, value: &SecretValue) {
        if value.expose().len() < SHORTEST {
            return;
        }
        let known = |held: &Held| held.name == name && held.value == *value;
        if self.values.read().unwrap_or_else(PoisonError::into_inner).iter().any(known) {
            return;
        }
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        if values.iter().any(known) {
            return;
        }
        if values.iter().filter(|held| held.name == name).count() >= MOST
            && let Some(oldest) = values.iter().filter(|held| held.name == name).map(|held| held.number).min()
        {
            values.retain(|held| held.number != oldest);
        }
        let escaped = serde_json::to_string(value.expose()).unwrap_or_default();
        let inner = escaped.get(1..escaped.len().saturating_sub(1)).unwrap_or_default();
        let escaped = (inner != value.expose()).then(|| SecretValue::new(inner));
        let number = values.iter().map(|held| held.number).max().map_or(0, |last| last + 1);
        // Of one that is the beginning of another the other's end would be left.
        let at = values.partition_point(|held| held.value.expose().len() >= value.expose().len());
        values.insert(at, Held { name, number, value: value.clone(), escaped });
        self.any.store(true, Ordering::Release);
    }

    /// Whether there is anything to take out.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Takes secrets out of a text.
    pub(crate) fn hide(&self, text: &mut String) {
        if let Some(hidden) = self.hidden(text) {
            *text = hidden;
        }
    }

    /// The text without secrets, where it had some. What is put in their places can stand in JSON as it is.
    pub(crate) fn hidden(&self, text: &str) -> Option<String> {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        let mut hidden: Option<String> = None;
        for held in values.iter() {
            for value in [Some(&held.value), held.escaped.as_ref()].into_iter().flatten() {
                let here = hidden.as_deref().unwrap_or(text);
                if memchr::memmem::find(here.as_bytes(), value.expose().as_bytes()).is_some() {
                    hidden = Some(here.replace(value.expose(), &format!("[redacted: {}]", held.name)));
                }
            }
        }
        hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_secret_is_taken_out_of_texts_and_json() {
        let known = Known::default();
        assert!(!known.any());
        known.add("KEY", &SecretValue::new("pa\"ss\\word"));
        known.add("SHORT", &SecretValue::new("abc"));
        assert!(known.any());
        assert_eq!(known.hidden("it is pa\"ss\\word, abc").as_deref(), Some("it is [redacted: KEY], abc"));
        assert_eq!(known.hidden(r#"{"it":"pa\"ss\\word"}"#).as_deref(), Some(r#"{"it":"[redacted: KEY]"}"#));
        assert_eq!(known.hidden("nothing"), None);
    }

    #[test]
    fn a_secret_that_begins_as_another_does_leaves_nothing_of_it() {
        let known = Known::default();
        known.add("SHORT", &SecretValue::new("prefix"));
        known.add("LONG", &SecretValue::new("prefix-and-more"));
        known.add("MIDDLE", &SecretValue::new("prefix-and"));
        assert_eq!(
            known.hidden("prefix-and-more prefix-and prefix").as_deref(),
            Some("[redacted: LONG] [redacted: MIDDLE] [redacted: SHORT]")
        );
    }

    #[test]
    fn the_last_few_values_of_a_name_are_known() {
        let known = Known::default();
        for nth in 0..10 {
            known.add("KEY", &SecretValue::new(format!("value-{nth}")));
            known.add("KEY", &SecretValue::new(format!("value-{nth}")));
        }
        assert_eq!(
            known.hidden("value-9 value-6 value-5").as_deref(),
            Some("[redacted: KEY] [redacted: KEY] value-5")
        );
    }
}
