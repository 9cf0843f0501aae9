//! Values that an author wrote as literals: each stands for the same value of JSON.

use serde_json::{Number, Value};

use crate::handler::Shape;

/// A value as it was written, which stands for the same value of JSON.
#[derive(Debug, Clone, Copy)]
pub enum Literal {
    /// `true`
    Boolean(bool),
    /// `-5`, no larger than 64 bits
    Integer(i128),
    /// `0.5`, finite
    Float(f64),
    /// `"text"`
    Text(&'static str),
    /// An array of literals, as JSON
    List(&'static str),
}

impl Literal {
    /// The value of JSON.
    pub(crate) fn value(&self) -> Value {
        match *self {
            Self::Boolean(value) => value.into(),
            Self::Integer(value) => integer(value),
            Self::Float(value) => value.into(),
            Self::Text(value) => value.into(),
            Self::List(json) => serde_json::from_str(json).unwrap_or_default(),
        }
    }

    /// Refuses a value that is none of the type.
    #[track_caller]
    pub(crate) const fn check(&self, shape: Shape) {
        match (shape, self) {
            (Shape::Unknown, _)
            | (Shape::Number, Self::Integer(_) | Self::Float(_))
            | (Shape::Boolean, Self::Boolean(_))
            | (Shape::Text, Self::Text(_))
            | (Shape::List, Self::List(_)) => {}
            (Shape::Integer { least, most }, Self::Integer(value)) => {
                assert!(
                    least <= *value && *value <= most,
                    "this number does not fit the type of the argument"
                );
            }
            (Shape::Character, Self::Text(value)) => {
                assert!(characters(value) == 1, "the argument is one character, as in `'x'`");
            }
            (Shape::Integer { .. }, _) => panic!("the argument is an integer, as in `5`"),
            (Shape::Number, _) => panic!("the argument is a number, as in `0.5`"),
            (Shape::Boolean, _) => panic!("the argument is `true` or `false`"),
            (Shape::Text, _) => panic!("the argument is a text, as in `\"…\"`"),
            (Shape::Character, _) => panic!("the argument is one character, as in `'x'`"),
            (Shape::List, _) => panic!("the argument is a list, as in `[1, 2]`"),
            (Shape::Map, _) => panic!("the argument is a map: write an expression of its type"),
        }
    }
}

/// How many characters a text has.
pub(crate) const fn characters(text: &str) -> usize {
    let (bytes, mut at, mut count) = (text.as_bytes(), 0, 0);
    while at < bytes.len() {
        // Bytes that go on with a character begin with 10.
        if bytes[at] & 0xC0 != 0x80 {
            count += 1;
        }
        at += 1;
    }
    count
}

/// An integer of JSON.
pub(super) fn integer(value: i128) -> Value {
    Number::from_i128(value).map_or(Value::Null, Value::Number)
}
