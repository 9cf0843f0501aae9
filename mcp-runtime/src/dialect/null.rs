//! Null, which each host is told of in another way, and some not at all.

use serde_json::{Map, Value, json};

use super::host::Null;
use super::rewrite::{Node, Rewriter, tell};

impl Rewriter<'_> {
    /// Null and nothing else.
    pub(super) fn null(&mut self, schema: Map<String, Value>, path: &str) -> Node {
        let mut out = Map::new();
        if self.host.null == Null::Type {
            out.insert("type".into(), "null".into());
            self.rest(&mut out, schema, path);
            return Node { schema: out, nullable: false };
        }
        if self.host.null == Null::Keyword {
            out.insert("type".into(), "string".into());
        }
        self.rest(&mut out, schema, path);
        tell(&mut out, &["null and nothing else".into()]);
        self.lose(path, "that it can only be null is told in words only");
        Node { schema: out, nullable: self.host.null == Null::Keyword }
    }

    /// Lets a schema take null, too.
    pub(super) fn allow_null(&mut self, schema: &mut Map<String, Value>, path: &str) {
        match self.host.null {
            Null::Keyword => match schema.get_mut("anyOf").and_then(Value::as_array_mut) {
                Some(options) => options.iter_mut().filter_map(Value::as_object_mut).for_each(|option| {
                    option.insert("nullable".into(), true.into());
                }),
                None => {
                    schema.insert("nullable".into(), true.into());
                }
            },
            Null::Type => {
                if let Some(Value::Array(values)) = schema.get_mut("enum") {
                    values.push(Value::Null);
                }
                match schema.get_mut("type") {
                    Some(Value::Array(kinds)) => kinds.push("null".into()),
                    Some(kind) => *kind = json!([kind.take(), "null"]),
                    None => match schema.get_mut("anyOf") {
                        Some(Value::Array(options)) => options.push(json!({"type": "null"})),
                        _ => {
                            let whole = std::mem::take(schema);
                            schema.insert("anyOf".into(), json!([whole, {"type": "null"}]));
                        }
                    },
                }
            }
            Null::Untyped => {
                if let Some(Value::Array(values)) = schema.get_mut("enum") {
                    values.push(Value::Null);
                }
                if let Some(kind) = schema.remove("type") {
                    let kind = crate::schema::expected(&json!({"type": kind}));
                    tell(schema, &[format!("{kind} or null")]);
                    self.lose(path, "its type is told in words only");
                }
            }
        }
    }
}
