//! Numbers as schemas have them, compared without losing the ends of 64 bits.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

/// How two numbers stand to each other; `None` where they cannot be compared.
fn order(a: &Number, b: &Number) -> Option<Ordering> {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

/// One end of a range: a number, and whether it is itself outside.
struct End<'a>(&'a Number, bool);

/// How far a range goes towards one side, by the keywords for that. `None` where there is no end.
fn end<'a>(schema: &'a Map<String, Value>, upper: bool) -> Option<End<'a>> {
    let number = |key: &str| match schema.get(key) {
        Some(Value::Number(number)) => Some(number),
        _ => None,
    };
    let (within, without) = match upper {
        true => (number("maximum"), number("exclusiveMaximum")),
        false => (number("minimum"), number("exclusiveMinimum")),
    };
    match (within, without) {
        (Some(within), Some(without)) => {
            let closer = if upper { Ordering::Less } else { Ordering::Greater };
            Some(if order(within, without) == Some(closer) { End(within, false) } else { End(without, true) })
        }
        (Some(within), None) => Some(End(within, false)),
        (None, without) => without.map(|without| End(without, true)),
    }
}

/// How the end of a range has moved: `Less` where less is allowed. `None` where that cannot be said.
pub(super) fn moved(old: &Map<String, Value>, new: &Map<String, Value>, upper: bool) -> Option<Ordering> {
    match (end(old, upper), end(new, upper)) {
        (None, None) => Some(Ordering::Equal),
        (None, Some(_)) => Some(Ordering::Less),
        (Some(_), None) => Some(Ordering::Greater),
        (Some(End(old, old_out)), Some(End(new, new_out))) => {
            let further = if upper { order(new, old)? } else { order(old, new)? };
            Some(further.then(old_out.cmp(&new_out)))
        }
    }
}

/// Whether `a` is a whole multiple of `b`.
pub(super) fn is_multiple(a: &Value, b: &Value) -> bool {
    let (Value::Number(a), Value::Number(b)) = (a, b) else { return false };
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => b != 0 && a % b == 0,
        // Fractions are not exact, so nothing is said of them.
        _ => false,
    }
}

/// Whether `a` is smaller than `b`.
pub(super) fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => order(a, b),
        _ => None,
    }
}
