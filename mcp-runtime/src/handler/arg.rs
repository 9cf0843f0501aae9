//! Arguments of which `#[arg(…)]` says more than their types do: what is published of them, and what stands in for one that
//! was left out.
//!
//! An expansion holds what was written in a static, so a function without `#[arg(…)]` pays nothing for those that have it.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::call::{Asked, Fault, Run};
use super::extract::given;
use super::{Argument, Field};
use crate::schema::{Description, Literal, Rule, missing};

/// Gives a schema.
pub type Describe = fn(&mut SchemaGenerator) -> Schema;

/// What `#[arg(…)]` says of an argument.
#[derive(Debug)]
pub struct Arg<T: 'static> {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    /// One of each kind at most.
    rules: [Option<Rule>; 3],
    pub(crate) default: Option<Sample<T>>,
    pub(crate) examples: &'static [Sample<T>],
    pub(crate) schema: Option<Describe>,
    pub(crate) secret: bool,
}

/// A value of an argument, which its author wrote.
#[derive(Debug)]
pub struct Sample<T>(Kind<T>);

#[derive(Debug)]
enum Kind<T> {
    /// As a caller would give it.
    Written(Literal),
    Made {
        make: fn() -> T,
        publish: fn(&T) -> serde_json::Result<Value>,
    },
}

/// A literal.
#[must_use]
#[track_caller]
pub const fn written<T>(shape: super::Shape, literal: Literal) -> Sample<T> {
    literal.check(shape);
    Sample(Kind::Written(literal))
}

/// Any other expression.
#[must_use]
pub const fn made<T: Published>(make: fn() -> T) -> Sample<T> {
    Sample(Kind::Made { make, publish: T::publish })
}

/// The value that [`Default`] gives.
#[must_use]
pub const fn standard<T: Default + Published>() -> Sample<T> {
    made(T::default)
}

/// A value that can be shown to clients: a default, or an example.
#[diagnostic::on_unimplemented(
    message = "a default or example of type `{Self}` cannot be published",
    label = "cannot be written as JSON",
    note = "derive `serde::Serialize` for `{Self}`, or write the value as a literal: \"…\", 5, 0.5, true, [1, 2]"
)]
pub trait Published: Sized {
    /// Writes it as JSON.
    ///
    /// # Errors
    ///
    /// Where serde cannot.
    fn publish(&self) -> serde_json::Result<Value>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Published for T {
    fn publish(&self) -> serde_json::Result<Value> {
        serde_json::to_value(self)
    }
}

/// A type whose schema can stand in for that of another.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no schema that could be published",
    label = "not a type with a schema",
    note = "name a type that derives `schemars::JsonSchema`, as in `schema = String`",
    note = "or write the schema, as in `schema = mcp::schemars::json_schema!({{ \"type\": \"string\" }})`"
)]
pub trait Described {
    /// Gives its schema.
    fn describe(generator: &mut SchemaGenerator) -> Schema;
}

#[diagnostic::do_not_recommend]
impl<T: JsonSchema> Described for T {
    fn describe(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

/// A type that can be read, whatever its schema is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from what the caller gives",
    label = "cannot be read",
    note = "`schema = …` stands in for `schemars::JsonSchema` alone: derive or implement `serde::Deserialize`"
)]
pub trait Readable: DeserializeOwned + Send {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + Send> Readable for T {}

/// A plain argument, which the caller gives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not given by the caller, so there is nothing that `#[arg(…)]` could say of it",
    label = "neither JSON nor a type with a schema",
    note = "an extractor takes no `#[arg(…)]`: leave it out",
    note = "for a value that the caller gives, derive both: `#[derive(serde::Deserialize, schemars::JsonSchema)]`",
    note = "for a type of another crate without a schema, add `schema = …`"
)]
pub trait Plain: Argument<Field> + DeserializeOwned + JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + Send> Plain for T {}

impl<T> Arg<T> {
    /// An argument of which nothing is said yet.
    #[must_use]
    pub const fn new(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            description: description.trim_ascii(),
            rules: [None; 3],
            default: None,
            examples: &[],
            schema: None,
            secret: false,
        }
    }

    /// What its values must be.
    #[must_use]
    pub const fn rule(mut self, rule: Rule) -> Self {
        let [range, length, pattern] = &mut self.rules;
        match rule {
            Rule::Range(..) => *range = Some(rule),
            Rule::Length(..) => *length = Some(rule),
            Rule::Pattern(_) => *pattern = Some(rule),
        }
        self
    }

    /// What stands in where it was left out.
    #[must_use]
    pub const fn default(self, default: Sample<T>) -> Self {
        Self {
            name: self.name,
            description: self.description,
            rules: self.rules,
            default: Some(default),
            examples: self.examples,
            schema: self.schema,
            secret: self.secret,
        }
    }

    /// Values that show what is meant.
    #[must_use]
    pub const fn examples(mut self, examples: &'static [Sample<T>]) -> Self {
        self.examples = examples;
        self
    }

    /// What is published in place of the schema of its type.
    #[must_use]
    pub const fn schema(mut self, schema: Describe) -> Self {
        self.schema = Some(schema);
        self
    }

    /// Its value is written nowhere.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
}

impl<T> Sample<T> {
    /// What is published.
    ///
    /// # Errors
    ///
    /// It cannot be written as JSON.
    pub(crate) fn publish(&self) -> Result<Value, String> {
        match &self.0 {
            Kind::Written(literal) => Ok(literal.value()),
            Kind::Made { make, publish } => publish(&make()).map_err(|error| error.to_string()),
        }
    }
}

impl<T: DeserializeOwned> Sample<T> {
    fn make(&self) -> Option<T> {
        match &self.0 {
            Kind::Written(literal) => serde_json::from_value(literal.value()).ok(),
            Kind::Made { make, .. } => Some(make()),
        }
    }
}

impl<T> Arg<T> {
    /// What its values must be.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().flatten()
    }
}

impl<T: DeserializeOwned> Arg<T> {
    /// Says what is published of it.
    pub(super) fn describe(&self, own: Option<Describe>, described: &mut Description) {
        if let Some(schema) = self.schema.or(own) {
            described.argument(self, schema);
        }
    }

    /// Reads it, or takes what stands in for it.
    pub(super) fn take(&self, run: &mut Run) -> Result<Asked<T>, Fault> {
        let name = self.name;
        let read = match given(name, &mut run.arguments) {
            Some(Err(_)) if self.secret => Err(Fault::Invalid { name, detail: SECRET.into() }),
            Some(read) => read,
            None => {
                let standing_in = match &self.default {
                    Some(default) => default.make(),
                    None => missing(),
                };
                standing_in.ok_or(Fault::Missing { name })
            }
        };
        read.map(Asked::Given)
    }
}

/// What is said of a secret that cannot be read: serde would repeat it.
const SECRET: &str = "the value is not of the type that is expected; it is secret and not repeated here";
