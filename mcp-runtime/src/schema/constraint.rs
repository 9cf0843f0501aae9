//! What `#[arg(…)]` demands of the values of an argument, and its place in the published schema.
//!
//! What the compiler can know is refused by the `const fn`s here; the rest, such as a bound on a type of the user's own, by
//! [`Rule::publish`] when the server is built.

use serde_json::{Map, Value};

use super::literal::{Literal, integer};
use crate::handler::Shape;

/// Where a range begins or ends.
#[derive(Debug, Clone, Copy)]
pub enum Bound {
    /// Nowhere.
    Open,
    /// At a number that belongs to it.
    Included(Number),
    /// Before a number.
    Excluded(Number),
}

/// The number of a bound.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    /// It was written.
    Written(Literal),
    /// It is computed when the server is built.
    Made(fn() -> Value),
}

/// What the values of an argument must be.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// Numbers from here to there.
    Range(Bound, Bound),
    /// Texts of so many characters, lists of so many items.
    Length(usize, Option<usize>),
    /// Texts in which this is found (ECMA 262).
    Pattern(&'static str),
}

/// `range = 1..=10`
#[must_use]
#[track_caller]
pub const fn range(shape: Shape, low: Bound, high: Bound) -> Rule {
    match shape {
        Shape::Unknown | Shape::Number => {}
        Shape::Integer { least, most } => {
            fits(low, least, most);
            fits(high, least, most);
        }
        Shape::Text | Shape::Character => panic!(
            "`range` is for numbers, and the argument is a text: write `length = 1..=80` for the number of its characters"
        ),
        Shape::List => panic!(
            "`range` is for numbers, and the argument is a list: write `length = 1..=80` for the number of its items"
        ),
        Shape::Map => panic!("`range` is for numbers, and the argument is a map: leave it out"),
        Shape::Boolean => {
            panic!("`range` is for numbers, and the argument is `true` or `false`: leave it out")
        }
    }
    Rule::Range(low, high)
}

#[track_caller]
const fn fits(bound: Bound, least: i128, most: i128) {
    match bound {
        Bound::Included(Number::Written(Literal::Integer(value))) => {
            assert!(
                least <= value && value <= most,
                "a bound of `range` does not fit the type of the argument"
            );
        }
        // One past the end says the same as no bound.
        Bound::Excluded(Number::Written(Literal::Integer(value))) => {
            assert!(
                least <= value && value <= most + 1,
                "a bound of `range` does not fit the type of the argument"
            );
        }
        Bound::Included(Number::Written(_)) | Bound::Excluded(Number::Written(_)) => {
            panic!("the argument is an integer, so the bounds of `range` are whole, as in `range = 1..=10`")
        }
        Bound::Open | Bound::Included(_) | Bound::Excluded(_) => {}
    }
}

/// `length = 1..=80`
#[must_use]
#[track_caller]
pub const fn length(shape: Shape, least: usize, most: Option<usize>) -> Rule {
    match shape {
        Shape::Unknown | Shape::Text | Shape::List => {}
        Shape::Map => panic!("`length` is for texts and lists, and the argument is a map: leave it out"),
        Shape::Integer { .. } | Shape::Number => panic!(
            "`length` is for texts and lists, and the argument is a number: write `range = 1..=80` for its value"
        ),
        Shape::Boolean => {
            panic!("`length` is for texts and lists, and the argument is `true` or `false`: leave it out")
        }
        Shape::Character => panic!("`length` is for texts of any length, and the argument is one character"),
    }
    if let Some(most) = most {
        assert!(least <= most, "no value has this length: the range is empty");
    }
    Rule::Length(least, most)
}

/// The last length before the end of an exclusive range.
#[must_use]
#[track_caller]
pub const fn before(end: usize) -> usize {
    assert!(end > 0, "no value has this length: the range is empty");
    end - 1
}

/// `pattern = "^[a-z]+$"`
#[must_use]
#[track_caller]
pub const fn pattern(shape: Shape, pattern: &'static str) -> Rule {
    match shape {
        Shape::Unknown | Shape::Text | Shape::Character => {}
        _ => panic!("`pattern` is for texts, and the argument is none: leave it out, or take a `String`"),
    }
    Rule::Pattern(pattern)
}

/// `header = "Region"`
#[track_caller]
pub const fn header(shape: Shape) {
    match shape {
        Shape::Unknown | Shape::Integer { .. } | Shape::Boolean | Shape::Text | Shape::Character => {}
        Shape::Number | Shape::List | Shape::Map => {
            panic!("a header repeats a text, an integer or a boolean, and the argument is none of these")
        }
    }
}

impl Rule {
    /// Says the rule in the schema of an argument, which may refer to another schema, `target`.
    ///
    /// # Errors
    ///
    /// The type cannot have such a rule, or has one that allows less.
    pub(crate) fn publish(&self, schema: &mut Map<String, Value>, target: &Value) -> Result<(), String> {
        let keywords = match *self {
            Self::Range(low, high) => range_keywords(low, high, target)?,
            Self::Length(least, most) => length_keywords(least, most, target)?,
            Self::Pattern(pattern) => {
                expect(target, &["string"], "`pattern` is for texts")?;
                vec![("pattern", pattern.into())]
            }
        };
        for (keyword, value) in keywords {
            if let Some(before) = target.get(keyword).or_else(|| schema.get(keyword)) {
                narrows(keyword, &value, before)?;
            }
            schema.insert(keyword.to_owned(), value);
        }
        let bound =
            |keyword: &str| schema.get(keyword).or_else(|| target.get(keyword)).and_then(Value::as_f64);
        for (what, low, high) in [
            ("number is in this `range`", "minimum", "maximum"),
            ("text has this `length`", "minLength", "maxLength"),
            ("list has this `length`", "minItems", "maxItems"),
        ] {
            if let (Some(least), Some(most)) = (bound(low), bound(high))
                && least > most
            {
                return Err(format!("no {what}: with what the type allows it is from {least} to {most}"));
            }
        }
        Ok(())
    }
}

/// Refuses a rule on a type whose schema says that it cannot have it.
fn expect(target: &Value, kinds: &[&str], what: &str) -> Result<(), String> {
    match kind(target) {
        Some(kind) if !kinds.contains(&kind) => {
            Err(format!("{what}, and the type takes {}", super::expected(target)))
        }
        _ => Ok(()),
    }
}

fn kind(target: &Value) -> Option<&str> {
    target.get("type").and_then(Value::as_str)
}

fn range_keywords(low: Bound, high: Bound, target: &Value) -> Result<Vec<(&'static str, Value)>, String> {
    expect(target, &["integer", "number"], "`range` is for numbers")?;
    let whole = kind(target) == Some("integer");
    let number = |number: Number| {
        let value = match number {
            Number::Written(literal) => literal.value(),
            Number::Made(make) => make(),
        };
        match &value {
            Value::Number(number) if whole && number.is_f64() => {
                Err(format!("the type takes an integer, so {number} is no bound of its `range`"))
            }
            Value::Number(_) => Ok(value),
            other => Err(format!("{other} is no number, so it is no bound of a `range`")),
        }
    };
    let mut keywords = Vec::new();
    let mut push = |bound, included, excluded, next: i128| -> Result<(), String> {
        match bound {
            Bound::Open => {}
            Bound::Included(end) => keywords.push((included, number(end)?)),
            Bound::Excluded(end) => match number(end)? {
                // Of integers the next one is the bound: more clients know that keyword.
                Value::Number(end) if whole && end.as_i128().is_some() => {
                    keywords.push((included, integer(end.as_i128().unwrap_or_default() + next)));
                }
                end => keywords.push((excluded, end)),
            },
        }
        Ok(())
    };
    push(low, "minimum", "exclusiveMinimum", 1)?;
    push(high, "maximum", "exclusiveMaximum", -1)?;
    let end = |at: usize| keywords.get(at).and_then(|(_, value)| value.as_f64());
    match (end(0), end(1), keywords.get(1)) {
        (Some(low), Some(high), Some((last, _)))
            if low > high || low == high && *last == "exclusiveMaximum" =>
        {
            Err("no number is in this `range`: it is empty".into())
        }
        _ => Ok(keywords),
    }
}

fn length_keywords(
    least: usize,
    most: Option<usize>,
    target: &Value,
) -> Result<Vec<(&'static str, Value)>, String> {
    let what = "`length` is for texts and lists";
    expect(target, &["string", "array"], what)?;
    let (low, high) = match kind(target) {
        Some("string") => ("minLength", "maxLength"),
        Some("array") => ("minItems", "maxItems"),
        _ => {
            return Err(format!(
                "{what}, and the schema of the type says of neither that it is one: say it in the schema of the type"
            ));
        }
    };
    let least = (least > 0).then(|| (low, least.into()));
    let most = most.map(|most| (high, most.into()));
    Ok(least.into_iter().chain(most).collect())
}

/// Refuses what the type itself does not allow: it would be published, and refused when it is given.
fn narrows(keyword: &str, new: &Value, before: &Value) -> Result<(), String> {
    let narrower = match (new.as_f64(), before.as_f64()) {
        (Some(new), Some(before)) if keyword.to_ascii_lowercase().contains("min") => new >= before,
        (Some(new), Some(before)) => new <= before,
        _ => new == before,
    };
    if narrower {
        Ok(())
    } else {
        Err(format!("the schema of the type has \"{keyword}\": {before}, and {new} allows what that forbids"))
    }
}
