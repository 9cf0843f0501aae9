//! Unions: choices of values become one enum, and what a host cannot tell apart becomes one schema.

use serde_json::{Map, Value, json};

use super::rewrite::{Node, Rewriter, tell};

impl Rewriter<'_> {
    /// One of several, beside what holds for all of them.
    pub(super) fn union(&mut self, mut common: Map<String, Value>, options: Vec<Value>, path: &str) -> Node {
        let all = options.len();
        let mut options: Vec<Value> = options.into_iter().filter(|option| !is_null(option)).collect();
        let nullable = options.len() < all;
        if let Some(choice) = choice(&options) {
            let (values, words) = choice;
            common.insert("enum".into(), values);
            common.insert("type".into(), "string".into());
            let mut out = Map::from_iter([("type".to_owned(), Value::from("string"))]);
            common.remove("type");
            self.rest(&mut out, common, path);
            tell(&mut out, &words);
            return Node { schema: out, nullable };
        }
        // What is said of all holds for each; what is said about them stays outside.
        let mut about = Map::new();
        for key in ["description", "default", "examples", "title", "deprecated"] {
            about.extend(common.remove(key).map(|value| (key.to_owned(), value)));
        }
        if !common.is_empty() {
            for option in options.iter_mut().filter_map(Value::as_object_mut) {
                both(option, &common);
            }
        }
        if let [Value::Object(only)] = options.as_mut_slice() {
            about.into_iter().for_each(|(key, value)| {
                only.insert(key, value);
            });
            let node = self.node(&Value::Object(std::mem::take(only)), path);
            return Node { nullable: nullable || node.nullable, ..node };
        }
        if self.host.unions {
            self.any_of(about, &options, nullable, path)
        } else {
            self.one(about, &options, nullable, path)
        }
    }

    fn any_of(
        &mut self,
        about: Map<String, Value>,
        options: &[Value],
        mut nullable: bool,
        path: &str,
    ) -> Node {
        let mut written: Vec<Value> = Vec::new();
        for option in options {
            let mut node = self.node(option, path);
            nullable |= node.nullable;
            // A union in a union is one of more.
            match node.schema.get_mut("anyOf").map(Value::take) {
                Some(Value::Array(inner)) if node.schema.len() == 1 => written.extend(inner),
                Some(inner) => {
                    node.schema.insert("anyOf".into(), inner);
                    written.push(node.schema.into());
                }
                None => written.push(node.schema.into()),
            }
        }
        let mut unique: Vec<Value> = Vec::new();
        for option in written {
            if !unique.contains(&option) {
                unique.push(option);
            }
        }
        let mut out = Map::from_iter([("anyOf".to_owned(), Value::from(unique))]);
        self.rest(&mut out, about, path);
        Node { schema: out, nullable }
    }

    /// Adds what holds as well. Of two rules of one name only the first can be told.
    pub(super) fn also(&mut self, schema: &mut Map<String, Value>, other: &Map<String, Value>, path: &str) {
        const MERGED: [&str; 5] = ["type", "title", "description", "properties", "required"];
        for (key, value) in other {
            let differs = schema.get(key).is_some_and(|own| own != value);
            if differs && !MERGED.contains(&key.as_str()) {
                self.lose(path, format!("one of two `{key}` is not told"));
            }
        }
        both(schema, other);
    }

    /// Puts what stands beside a union into its first option, for hosts that take nothing there.
    pub(super) fn alone(&mut self, schema: &mut Map<String, Value>, path: &str) {
        let Some(mut options) = schema.remove("anyOf") else { return };
        let first = options.as_array_mut().and_then(|all| all.first_mut()).and_then(Value::as_object_mut);
        if let (Some(first), Some(text)) = (first, schema.remove("description")) {
            let own = first.insert("description".into(), text);
            tell(
                first,
                &own.as_ref().and_then(Value::as_str).map(str::to_owned).into_iter().collect::<Vec<_>>(),
            );
        }
        let others: Vec<String> = schema.keys().map(|key| format!("`{key}` is not told")).collect();
        others.into_iter().for_each(|what| self.lose(path, what));
        *schema = Map::from_iter([("anyOf".to_owned(), options)]);
    }

    /// One schema that takes what any of the options takes.
    fn one(&mut self, about: Map<String, Value>, options: &[Value], nullable: bool, path: &str) -> Node {
        let mut written: Vec<Map<String, Value>> = Vec::new();
        for option in options.iter().filter_map(Value::as_object) {
            // One option does not hold the next.
            let opened = self.open.len();
            written.extend(self.resolved(option, path).ok());
            self.open.truncate(opened);
        }
        if written.len() == options.len() && written.iter().all(is_object) {
            let mut merged = self.merged(&written, path);
            merged.extend(about);
            let node = self.node(&merged.into(), path);
            return Node { nullable: nullable || node.nullable, ..node };
        }
        let kinds: Vec<String> =
            written.iter().map(|it| crate::schema::expected(&it.clone().into())).collect();
        let mut out = Map::new();
        let kind = written.first().and_then(|first| first.get("type")).cloned();
        match kind {
            Some(kind @ Value::String(_)) if written.iter().all(|it| it.get("type") == Some(&kind)) => {
                let same = |key: &str| written.first().and_then(|first| first.get(key)).cloned();
                // Elements of arrays that differ are any elements.
                let items =
                    same("items").filter(|items| written.iter().all(|it| it.get("items") == Some(items)));
                if kind == "array" {
                    let mut array = Map::from_iter([("type".to_owned(), kind)]);
                    array.extend(items.map(|items| ("items".to_owned(), items)));
                    out = self.node(&array.into(), path).schema;
                } else {
                    out.insert("type".into(), kind);
                }
                self.lose(path, "what its alternatives are is not told");
            }
            _ => {
                tell(&mut out, &[kinds.join(" or ")]);
                self.lose(path, "its type is told in words only");
            }
        }
        let said = out.remove("description");
        self.rest(&mut out, about, path);
        tell(
            &mut out,
            &said.and_then(|text| text.as_str().map(str::to_owned)).into_iter().collect::<Vec<_>>(),
        );
        Node { schema: out, nullable }
    }

    /// The arguments of a tool are one object, whatever they are a union of.
    pub(super) fn without_union(&mut self, mut whole: Map<String, Value>, path: &str) -> Map<String, Value> {
        for union in ["oneOf", "anyOf"] {
            let Some(Value::Array(options)) = whole.remove(union) else { continue };
            let mut written = Vec::new();
            for option in options.iter().filter_map(Value::as_object) {
                if let Ok(option) = self.resolved(option, path) {
                    written.push(self.without_union(option, path));
                }
            }
            let merged = self.merged(&written, path);
            both(&mut whole, &merged);
        }
        whole
    }

    /// An object with all members of several objects.
    fn merged(&mut self, objects: &[Map<String, Value>], path: &str) -> Map<String, Value> {
        let mut properties: Map<String, Value> = Map::new();
        for (name, property) in objects.iter().filter_map(|it| it.get("properties")?.as_object()).flatten() {
            match properties.get_mut(name) {
                None => {
                    properties.insert(name.clone(), property.clone());
                }
                Some(known) if known == property => {}
                Some(known) => match known.get_mut("anyOf").and_then(Value::as_array_mut) {
                    Some(options) => options.push(property.clone()),
                    None => *known = json!({"anyOf": [known.take(), property]}),
                },
            }
        }
        let required = |it: &Map<String, Value>| -> Vec<Value> {
            it.get("required").and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let mut needed = objects.first().map(required).unwrap_or_default();
        needed.retain(|name| objects.iter().all(|it| required(it).contains(name)));
        let closed = objects.iter().all(|it| it.get("additionalProperties") == Some(&Value::Bool(false)));
        self.lose(path, "which members belong together is not told");
        let mut merged = Map::from_iter([("type".to_owned(), Value::from("object"))]);
        merged.insert("properties".into(), properties.into());
        merged.insert("required".into(), needed.into());
        if closed {
            merged.insert("additionalProperties".into(), false.into());
        }
        merged
    }
}

/// What both schemas say: members and required names of both, everything else of the first.
pub(super) fn both(schema: &mut Map<String, Value>, other: &Map<String, Value>) {
    for (key, value) in other {
        match (schema.get_mut(key), value) {
            (None, _) => {
                schema.insert(key.clone(), value.clone());
            }
            (Some(Value::Object(own)), Value::Object(theirs)) if key == "properties" => {
                for (name, property) in theirs {
                    own.entry(name.clone()).or_insert_with(|| property.clone());
                }
            }
            (Some(Value::Array(own)), Value::Array(theirs)) if key == "required" => {
                let more: Vec<_> = theirs.iter().filter(|name| !own.contains(name)).cloned().collect();
                own.extend(more);
            }
            // Where both close themselves, neither would let the members of the other in.
            _ => {}
        }
    }
}

fn is_null(option: &Value) -> bool {
    option.get("type").is_some_and(|kind| kind == "null") || option.get("const").is_some_and(Value::is_null)
}

fn is_object(schema: &Map<String, Value>) -> bool {
    schema.get("type").is_some_and(|kind| kind == "object") || schema.contains_key("properties")
}

/// The values of options that are nothing but strings, and what is said of each.
fn choice(options: &[Value]) -> Option<(Value, Vec<String>)> {
    let (mut values, mut words) = (Vec::new(), Vec::new());
    for option in options {
        let found = match (option.get("const"), option.get("enum")) {
            (Some(value), _) => vec![value.clone()],
            (None, Some(Value::Array(values))) => values.clone(),
            _ => return None,
        };
        if !found.iter().all(Value::is_string) {
            return None;
        }
        if let (Some(text), [value]) = (option.get("description").and_then(Value::as_str), found.as_slice()) {
            words.push(format!("{value}: {}", text.trim_end_matches('.')));
        }
        values.extend(found);
    }
    (!values.is_empty()).then(|| (values.into(), words))
}
