//! What a function says of itself when it is asked to, once, while the server is built.

use std::any::TypeId;

use schemars::generate::Contract;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::shape::{InputSchema, OutputSchema, without_null};

/// References are followed so far.
const DEEPEST: usize = 8;

/// Collects the arguments, the result and the needs of a function, in the order of its signature.
#[derive(Debug)]
pub(crate) struct Description {
    generator: SchemaGenerator,
    pub(crate) fields: Vec<Field>,
    pub(crate) whole: Option<Value>,
    pub(crate) output: Option<OutputSchema>,
    pub(crate) states: Vec<(TypeId, &'static str)>,
    /// The names of credentials for calls outward.
    pub(crate) credentials: Vec<&'static str>,
    /// The types of extractors that may tell callers apart.
    pub(crate) callers: Vec<&'static str>,
    /// What cannot be published, each with the name of its argument.
    pub(crate) problems: Vec<String>,
}

/// A plain argument.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) required: bool,
    pub(crate) schema: Value,
}

impl Field {
    /// Whether its value is written nowhere: not into errors, not into logs.
    pub(crate) fn is_secret(&self) -> bool {
        super::is_secret(self.name, &self.schema)
    }
}

/// Arguments that cannot stand beside each other.
#[derive(Debug)]
pub(crate) enum Conflict {
    WholeBesideFields { field: &'static str },
    WholeIsNoObject,
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::WholeBesideFields { field } => write!(
                f,
                "`Args` takes all arguments at once, so the argument \"{field}\" can never be given: move it into the \
                 type of `Args`, or write all arguments plainly"
            ),
            Self::WholeIsNoObject => {
                f.write_str("the type of `Args` is not an object with named fields: use a struct")
            }
        }
    }
}

impl Description {
    pub(crate) fn new() -> Self {
        Self {
            generator: super::generator(Contract::Deserialize),
            fields: Vec::new(),
            whole: None,
            output: None,
            states: Vec::new(),
            credentials: Vec::new(),
            callers: Vec::new(),
            problems: Vec::new(),
        }
    }

    pub(crate) fn field<T: DeserializeOwned + JsonSchema>(
        &mut self,
        name: &'static str,
        description: &'static str,
    ) {
        let description = description.trim_ascii();
        let (required, schema) = self.plain::<T>(|generator| generator.subschema_for::<T>());
        self.fields.push(Field { name, description, required, schema });
    }

    /// Whether an argument must be given, and its schema.
    pub(super) fn plain<T: DeserializeOwned>(
        &mut self,
        schema: fn(&mut SchemaGenerator) -> Schema,
    ) -> (bool, Value) {
        let required = T::deserialize(Missing).is_err();
        let mut schema = schema(&mut self.generator).to_value();
        super::plain(&mut schema);
        (required, if required { schema } else { without_null(schema) })
    }

    /// The schema that another one refers to, or that one itself.
    pub(super) fn target(&self, schema: &Value) -> Value {
        let definitions = self.generator.definitions();
        let mut found = schema;
        // A reference may lead to a reference, and in the end to itself.
        for _ in 0..DEEPEST {
            let Some(name) = found.get("$ref").and_then(Value::as_str) else { break };
            let Some(next) = definitions.get(&super::reference::name(name)) else { break };
            found = next;
        }
        found.clone()
    }

    pub(crate) fn whole<T: JsonSchema>(&mut self) {
        self.whole = Some(root::<T>(Contract::Deserialize));
    }

    pub(crate) fn output<T: JsonSchema + ?Sized>(&mut self) {
        self.output = Some(OutputSchema(root::<T>(Contract::Serialize)));
    }

    pub(crate) fn state<T: 'static>(&mut self) {
        self.states.push((TypeId::of::<T>(), std::any::type_name::<T>()));
    }

    /// Says in the schema of an argument that clients repeat it in a header.
    ///
    /// # Errors
    ///
    /// It is no plain argument.
    pub(crate) fn header(&mut self, name: &str, header: &str) -> Result<(), String> {
        let field = self.fields.iter_mut().find(|field| field.name == name);
        match field.and_then(|field| field.schema.as_object_mut()) {
            Some(schema) => {
                schema.insert(super::HEADER_KEYWORD.into(), header.into());
                Ok(())
            }
            None => Err(format!(
                "`header` of the argument \"{name}\": only a string, an integer or a boolean that the caller gives can \
                 be repeated in a header"
            )),
        }
    }

    /// The texts of all values that the schema of an argument allows; `None` where there is no end of them.
    pub(crate) fn values(&self, schema: &Value) -> Option<Vec<String>> {
        super::values::values(schema, self.generator.definitions())
    }

    /// The schema of all arguments together.
    pub(crate) fn input(&mut self) -> Result<InputSchema, Conflict> {
        let mut definitions: Map<String, Value> = self.generator.take_definitions(true).into_iter().collect();
        definitions.values_mut().for_each(super::plain);
        match (self.whole.take(), self.fields.first()) {
            (Some(_), Some(field)) => Err(Conflict::WholeBesideFields { field: field.name }),
            (Some(whole), None) => InputSchema::whole(whole).ok_or(Conflict::WholeIsNoObject),
            (None, _) => Ok(InputSchema::fields(std::mem::take(&mut self.fields), definitions)),
        }
    }
}

/// The schema of a type that stands alone. What its author wrote stays as he wrote it.
fn root<T: JsonSchema + ?Sized>(contract: Contract) -> Value {
    let written = T::json_schema(&mut super::generator(contract.clone()));
    let mut schema = super::generator(contract).into_root_schema_for::<T>();
    if written.get("title").is_none() {
        // The name of the type, which tells nobody anything.
        schema.remove("title");
    }
    let mut schema = schema.to_value();
    // Whoever names a dialect has written all of the schema by hand.
    if written.get("$schema").is_none() {
        super::plain(&mut schema);
    }
    schema
}

/// Stands for a value that is not there: only a type that can do without one can be read from it. This is how serde's
/// own derive finds out, so it works for aliases and for types of the user.
struct Missing;

impl<'de> serde::Deserializer<'de> for Missing {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: serde::de::Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("missing"))
    }

    fn deserialize_option<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_none()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Reads the value of an argument that was left out.
pub(crate) fn missing<T: DeserializeOwned>() -> Option<T> {
    T::deserialize(Missing).ok()
}
