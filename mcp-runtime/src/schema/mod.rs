//! JSON Schema 2020-12 of what goes in and what comes out, made from the types.
//!
//! It knows `schemars` and nothing of how schemas are published.

mod description;
mod shape;

pub(crate) use description::{Description, Field, missing};
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
    settings.with_transform(RecursiveTransform(PlainFormats)).into_generator()
}

/// Leaves out the formats that are no formats of JSON Schema (`int64`, `uint32`, `double` …): they say nothing to
/// validators, some clients refuse them, and every byte of a list is paid for.
#[derive(Debug, Clone)]
struct PlainFormats;

impl Transform for PlainFormats {
    fn transform(&mut self, schema: &mut schemars::Schema) {
        let foreign = |format: &str| {
            ["int", "uint", "float", "double"].iter().any(|prefix| {
                format.strip_prefix(prefix).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
            })
        };
        if schema.get("format").and_then(Value::as_str).is_some_and(foreign) {
            schema.remove("format");
        }
    }
}
