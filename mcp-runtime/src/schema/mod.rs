//! JSON Schema 2020-12 of what goes in and what comes out, made from the types.
//!
//! It knows `schemars` and nothing of how schemas are published.

mod argument;
mod coerce;
mod constraint;
mod description;
mod form;
#[cfg_attr(not(feature = "validate"), path = "full/without.rs")]
mod full;
mod guard;
mod held;
mod literal;
mod look;
mod mirror;
mod output;
pub(crate) mod reference;
mod rule;
mod sample;
mod shape;
mod values;
mod walk;
mod words;

pub(crate) use coerce::{Coercion, Slip};
pub use constraint::{Bound, Number, Rule, before, header, length, pattern, range};
pub(crate) use description::{Description, Field, missing};
pub(crate) use form::form;
pub(crate) use guard::Guard;
pub(crate) use held::{guard, guard_of_texts};
pub use literal::Literal;
pub(crate) use literal::characters;
pub(crate) use look::{hides, is_secret};
pub(crate) use mirror::{KEYWORD as HEADER_KEYWORD, Mirror, mirrors};
pub(crate) use output::OutputCheck;
pub(crate) use sample::Sampler;
pub use shape::{InputSchema, OutputSchema};
pub(crate) use walk::{MOST_FAULTS, Mismatch, Problem, Walk};
pub(crate) use words::{came, cut, expected as in_words};

use schemars::SchemaGenerator;
use schemars::generate::{Contract, SchemaSettings};
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::Value;

/// A generator for what is read (`Deserialize`) or what is written (`Serialize`).
fn generator(contract: Contract) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.contract = contract;
    });
    settings.into_generator()
}

/// What a schema that refers to no other takes, in a few words.
pub(crate) fn expected(schema: &Value) -> String {
    in_words(&Value::Null, schema)
}

/// Leaves out what only costs: the formats that are no formats of JSON Schema (`int64`, `uint32`, `double` …) say nothing
/// to validators, and some clients refuse them.
fn plain(schema: &mut Value) {
    if let Ok(schema) = <&mut schemars::Schema>::try_from(schema) {
        RecursiveTransform(without_foreign_format).transform(schema);
    }
}

fn without_foreign_format(schema: &mut schemars::Schema) {
    let foreign = |format: &str| {
        ["int", "uint", "float", "double"].iter().any(|prefix| {
            format.strip_prefix(prefix).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
        })
    };
    if schema.get("format").and_then(Value::as_str).is_some_and(foreign) {
        schema.remove("format");
    }
}
