//! JSON Schema 2020-12 of what goes in and what comes out, made from the types.
//!
//! It knows `schemars` and nothing of how schemas are published.

mod description;
mod form;
mod mirror;
pub(crate) mod reference;
mod shape;
mod values;

pub(crate) use description::{Description, Field, missing};
pub(crate) use form::form;
pub(crate) use mirror::{KEYWORD as HEADER_KEYWORD, Mirror, mirrors};
pub(crate) use shape::expected;
pub use shape::{InputSchema, OutputSchema};

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
