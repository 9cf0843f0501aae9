//! Reads what was said as the types that an author has: texts become numbers, booleans and lists where these are wanted. What is
//! wrong is told by where it stands and what is expected, never by what it is: it may be a secret.

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer as _, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde_json::Value;

use super::tree::{Held, Node, same};
use super::{PREFIX, SECTION};
use crate::registry::closest;

/// What is wrong.
#[derive(Debug)]
pub(super) struct Wrong {
    /// From the inside to the outside.
    path: Vec<String>,
    source: Option<String>,
    what: String,
    /// Whether nothing was said.
    missing: bool,
}

impl Wrong {
    fn new(what: impl Into<String>) -> Self {
        Self { path: Vec::new(), source: None, what: what.into(), missing: false }
    }

    fn at(mut self, name: &str, source: &str) -> Self {
        self.path.push(name.to_owned());
        if self.source.is_none() && !source.is_empty() && !self.missing {
            self.source = Some(source.to_owned());
        }
        self
    }

    pub(super) fn said(mut self) -> String {
        self.path.reverse();
        let path: Vec<_> = std::iter::once(SECTION).chain(self.path.iter().map(String::as_str)).collect();
        let shown = path.join(".");
        if self.missing {
            let variable = format!("{PREFIX}{}", self.path.join("__").to_ascii_uppercase());
            return format!(
                "`{shown}` is missing: say it in the file, as {variable}, or with --set {}=…",
                self.path.join(".")
            );
        }
        match self.source {
            Some(source) => format!("`{shown}` ({source}): {}", self.what),
            None => format!("`{shown}`: {}", self.what),
        }
    }

    /// Without what was said, where somebody repeats it.
    fn without(mut self, text: &str) -> Self {
        if text.len() > 2 {
            self.what = self.what.replace(text, "***");
        }
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!("expected {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!("expected {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("expected one of {}", expected.join(", ")))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let hint = match closest(field, expected.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is {}", expected.join(", ")),
        };
        Self::new(format!("there is no setting `{field}`; {hint}"))
    }

    fn missing_field(field: &'static str) -> Self {
        Self { path: vec![field.to_owned()], missing: true, ..Self::new("is missing") }
    }
}

/// Reads a node.
pub(super) struct Reader(Node);

impl Reader {
    pub(super) fn new(node: &Node) -> Self {
        Self(node.clone())
    }

    fn text(&self) -> Option<&str> {
        match &self.0.held {
            Held::Value(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// A text of the form of JSON is what that says.
    fn opened(self, opening: char) -> Node {
        let text = self.text().unwrap_or_default().trim();
        let value = text.starts_with(opening).then(|| serde_json::from_str(text).ok()).flatten();
        match value {
            Some(value) => Node::of(value, &self.0.source),
            None => self.0,
        }
    }

    /// Lets a text be a number.
    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let Some(text) = self.text() else { return self.deserialize_any(visitor) };
        let trimmed = text.trim();
        let read = if let Ok(number) = trimmed.parse::<u64>() {
            visitor.visit_u64(number)
        } else if let Ok(number) = trimmed.parse::<i64>() {
            visitor.visit_i64(number)
        } else if let Ok(number) = trimmed.parse::<f64>() {
            visitor.visit_f64(number)
        } else {
            visitor.visit_str(text)
        };
        read.map_err(|wrong: Wrong| wrong.without(text))
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            self.number(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader {
    type Error = Wrong;

    numbers!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
             deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
             deserialize_f32 deserialize_f64);

    serde::forward_to_deserialize_any! { char str string bytes byte_buf unit unit_struct identifier }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0.held {
            Held::Value(Value::Bool(value)) => visitor.visit_bool(value),
            Held::Value(Value::Number(number)) => {
                if let Some(number) = number.as_u64() {
                    visitor.visit_u64(number)
                } else if let Some(number) = number.as_i64() {
                    visitor.visit_i64(number)
                } else {
                    visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
                }
            }
            Held::Value(Value::String(text)) => {
                visitor.visit_str(&text).map_err(|wrong: Wrong| wrong.without(&text))
            }
            // Lists and objects have been taken apart.
            Held::Value(Value::Null | Value::Array(_) | Value::Object(_)) => visitor.visit_unit(),
            Held::List(items) => visitor.visit_seq(Items { items: items.into_iter(), at: 0 }),
            Held::Names(names) => {
                visitor.visit_map(Members { names: names.into_iter(), current: None, fields: &[] })
            }
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.text().map(|text| text.trim().to_ascii_lowercase()).as_deref() {
            Some("true" | "yes" | "on" | "1") => visitor.visit_bool(true),
            Some("false" | "no" | "off" | "0") => visitor.visit_bool(false),
            Some(_) => Err(Wrong::new("expected true or false")),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0.held {
            Held::Value(Value::Null) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let mut node = self.opened('[');
        if let Held::Value(Value::String(text)) = &node.held {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            let items = items.map(|item| Node::of(Value::String(item.to_owned()), &node.source)).collect();
            node = Node { held: Held::List(items), source: node.source };
        }
        Self(node).deserialize_any(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        Self(self.opened('{')).deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let Held::Names(names) = self.opened('{').held else {
            return Err(Wrong::new("expected settings by name"));
        };
        for (name, node) in &names {
            if !fields.iter().any(|field| same(field, name)) {
                let source = node.names().into_iter().map(|(_, source)| source).next();
                let wrong: Wrong = de::Error::unknown_field(name, fields);
                return Err(Wrong { source, ..wrong });
            }
        }
        visitor.visit_map(Members { names: names.into_iter(), current: None, fields })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let (written, content) = match self.0.held {
            Held::Value(Value::String(text)) => (text.trim().to_owned(), None),
            Held::Names(names) if names.len() == 1 => {
                names.into_iter().next().map(|(name, node)| (name, Some(node))).unwrap_or_default()
            }
            _ => return Err(Wrong::new(format!("expected one of {}", variants.join(", ")))),
        };
        let known = variants.iter().find(|known| same(known, &written));
        let variant = known.map_or(written, |known| (*known).to_owned());
        visitor.visit_enum(Variant { variant, content })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }
}

struct Items {
    items: std::vec::IntoIter<Node>,
    at: usize,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        let Some(node) = self.items.next() else { return Ok(None) };
        self.at += 1;
        let source = node.source.clone();
        seed.deserialize(Reader(node)).map(Some).map_err(|wrong| wrong.at(&self.at.to_string(), &source))
    }
}

struct Members {
    names: std::collections::btree_map::IntoIter<String, Node>,
    current: Option<(String, Node)>,
    /// The names that are wanted, where they are known.
    fields: &'static [&'static str],
}

impl<'de> MapAccess<'de> for Members {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let Some((written, node)) = self.names.next() else { return Ok(None) };
        let known = self.fields.iter().find(|field| same(field, &written));
        let name = known.map_or(written, |known| (*known).to_owned());
        let key: StringDeserializer<Wrong> = name.clone().into_deserializer();
        self.current = Some((name, node));
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let (name, node) = self.current.take().ok_or_else(|| Wrong::new("a value without a name"))?;
        let source = node.source.clone();
        seed.deserialize(Reader(node)).map_err(|wrong| wrong.at(&name, &source))
    }
}

struct Variant {
    variant: String,
    content: Option<Node>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Wrong;
    type Variant = Content;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content), Wrong> {
        let name: StringDeserializer<Wrong> = self.variant.into_deserializer();
        Ok((seed.deserialize(name)?, Content(self.content)))
    }
}

struct Content(Option<Node>);

impl Content {
    fn reader(self) -> Result<Reader, Wrong> {
        self.0.map(Reader).ok_or_else(|| Wrong::new("expected more than a word"))
    }
}

impl<'de> VariantAccess<'de> for Content {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        if self.0.is_none() { Ok(()) } else { Err(Wrong::new("expected a word alone")) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Wrong> {
        seed.deserialize(self.reader()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.reader()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.reader()?.deserialize_struct("", fields, visitor)
    }
}
