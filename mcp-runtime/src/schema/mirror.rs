//! Arguments that clients repeat in HTTP headers: the keyword `x-mcp-header`, and where it may stand.
//!
//! A client drops a tool whose annotations break a rule, so a server must not even be built with one.

use serde_json::Value;

/// The keyword that names the header.
pub(crate) const KEYWORD: &str = "x-mcp-header";

/// An argument, or a member of one, that is repeated in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mirror {
    /// The names that lead to it from the root of the arguments.
    pub(crate) path: Vec<String>,
    /// The name of the header behind `Mcp-Param-`, as it was written.
    pub(crate) header: String,
}

/// Finds everything that is repeated in headers.
///
/// # Errors
///
/// What is wrong with the first annotation that cannot work, and what to do.
pub(crate) fn mirrors(root: &Value) -> Result<Vec<Mirror>, String> {
    let mut found: Vec<Mirror> = Vec::new();
    walk(root, &Way::root(), &mut found)?;
    for (at, mirror) in found.iter().enumerate() {
        let same = |other: &&Mirror| other.header.eq_ignore_ascii_case(&mirror.header);
        if let Some(other) = found.iter().take(at).find(same) {
            return Err(format!(
                "{} and {} are both repeated in the header Mcp-Param-{}: names of headers differ by more than capitals",
                named(&other.path),
                named(&mirror.path),
                mirror.header
            ));
        }
    }
    Ok(found)
}

/// How a schema is reached from the root.
#[derive(Clone)]
struct Way {
    path: Vec<String>,
    /// The keyword that a value cannot be followed through, where there is one on the way.
    lost: Option<&'static str>,
}

impl Way {
    fn root() -> Self {
        Self { path: Vec::new(), lost: None }
    }

    fn into(&self, property: &str) -> Self {
        let mut way = self.clone();
        way.path.push(property.to_owned());
        way
    }

    fn lost(&self, keyword: &'static str) -> Self {
        Self { path: self.path.clone(), lost: self.lost.or(Some(keyword)) }
    }
}

/// Keywords with one schema, with several, and with named ones.
const ONE: &[&str] = &[
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const SEVERAL: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];
const NAMED: &[&str] = &["$defs", "definitions", "patternProperties", "dependentSchemas"];

fn walk(schema: &Value, way: &Way, found: &mut Vec<Mirror>) -> Result<(), String> {
    let Some(members) = schema.as_object() else { return Ok(()) };
    if let Some(header) = members.get(KEYWORD) {
        found.push(annotated(schema, header, way)?);
    }
    for (name, property) in members.get("properties").and_then(Value::as_object).into_iter().flatten() {
        walk(property, &way.into(name), found)?;
    }
    for keyword in ONE {
        if let Some(inner) = members.get(*keyword) {
            walk(inner, &way.lost(keyword), found)?;
        }
    }
    for keyword in SEVERAL {
        for inner in members.get(*keyword).and_then(Value::as_array).into_iter().flatten() {
            walk(inner, &way.lost(keyword), found)?;
        }
    }
    for keyword in NAMED {
        for inner in members.get(*keyword).and_then(Value::as_object).into_iter().flatten() {
            walk(inner.1, &way.lost(keyword), found)?;
        }
    }
    Ok(())
}

fn annotated(schema: &Value, header: &Value, way: &Way) -> Result<Mirror, String> {
    let what = named(&way.path);
    let shown = header.as_str().unwrap_or_default();
    let Some(header) = header.as_str().filter(|name| is_token(name)) else {
        return Err(format!("{what}: {header} is not the name of a header: use letters, digits and \"-\""));
    };
    match way.lost {
        Some("$defs" | "definitions") => {
            return Err(format!(
                "the header {shown:?} stands in a type that the schema refers to, where no client looks for it: give \
                 that type `#[schemars(inline)]`"
            ));
        }
        Some(keyword) => {
            return Err(format!(
                "the header {shown:?} stands behind \"{keyword}\", so no one can say which value it repeats: only \
                 members of plain structs can be repeated"
            ));
        }
        None if way.path.is_empty() => {
            return Err(format!("the header {shown:?} stands on all arguments together: name one"));
        }
        None => {}
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string" | "integer" | "boolean") => {}
        None if schema.get("type").is_some_and(Value::is_array) => {
            return Err(format!(
                "{what} is of several types, and only one can be repeated in a header; an `Option` of your type takes \
                 `#[serde(default)]` and `#[schemars(with = \"String\")]`"
            ));
        }
        _ => {
            return Err(format!(
                "{what} cannot be repeated in a header, which takes a string, an integer or a boolean; give an enum \
                 of yours `#[schemars(inline)]`"
            ));
        }
    }
    Ok(Mirror { path: way.path.clone(), header: header.to_owned() })
}

fn named(path: &[String]) -> String {
    format!("the argument \"{}\"", path.join("."))
}

/// A name that HTTP allows (RFC 9110, `token`).
fn is_token(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(legal)
}
