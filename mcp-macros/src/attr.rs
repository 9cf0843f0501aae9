//! The keys of the attributes: one table, and one parser that reads all of them.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitBool, LitInt, LitStr, Path, Token};

use crate::diag::{Errors, suggest};
use crate::kind::Kind;

/// A key of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Name,
    Title,
    Description,
    ReadOnly,
    Destructive,
    Idempotent,
    OpenWorld,
    Mime,
    Size,
    Inline,
    Crate,
}

/// What stands behind a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Nothing, or `= true`, or `= false`.
    Flag,
    /// `= "…"`
    Text,
    /// `= 5`
    Number,
    /// `= some::path`
    Path,
}

struct Row {
    key: Key,
    name: &'static str,
    form: Form,
    /// The macros that know the key.
    kinds: &'static [Kind],
}

const ALL: &[Kind] = &[Kind::Tool, Kind::Resource, Kind::Prompt];
const TOOL: &[Kind] = &[Kind::Tool];
const RESOURCE: &[Kind] = &[Kind::Resource];

const fn row(key: Key, name: &'static str, form: Form, kinds: &'static [Kind]) -> Row {
    Row { key, name, form, kinds }
}

/// Every key there is.
const KEYS: &[Row] = &[
    row(Key::Name, "name", Form::Text, ALL),
    row(Key::Title, "title", Form::Text, ALL),
    row(Key::Description, "description", Form::Text, ALL),
    row(Key::ReadOnly, "read_only", Form::Flag, TOOL),
    row(Key::Destructive, "destructive", Form::Flag, TOOL),
    row(Key::Idempotent, "idempotent", Form::Flag, TOOL),
    row(Key::OpenWorld, "open_world", Form::Flag, TOOL),
    row(Key::Mime, "mime", Form::Text, RESOURCE),
    row(Key::Size, "size", Form::Number, RESOURCE),
    row(Key::Inline, "inline", Form::Flag, ALL),
    row(Key::Crate, "crate", Form::Path, ALL),
];

/// What was written behind a key.
pub(crate) enum Value {
    Flag(bool),
    Text(LitStr),
    Number(LitInt),
    Path(Path),
}

/// What an attribute says.
#[derive(Default)]
pub(crate) struct Attributes {
    /// What stands first, without a key: the URI of a resource.
    pub(crate) uri: Option<LitStr>,
    values: Vec<(Key, Ident, Value)>,
}

impl Attributes {
    fn get(&self, key: Key) -> Option<&Value> {
        self.values.iter().find(|(found, ..)| *found == key).map(|(.., value)| value)
    }

    /// Where a key was written.
    pub(crate) fn ident(&self, key: Key) -> Option<&Ident> {
        self.values.iter().find(|(found, ..)| *found == key).map(|(_, ident, _)| ident)
    }

    pub(crate) fn flag(&self, key: Key) -> Option<bool> {
        if let Some(Value::Flag(value)) = self.get(key) { Some(*value) } else { None }
    }

    pub(crate) fn text(&self, key: Key) -> Option<&LitStr> {
        if let Some(Value::Text(value)) = self.get(key) { Some(value) } else { None }
    }

    pub(crate) fn number(&self, key: Key) -> Option<&LitInt> {
        if let Some(Value::Number(value)) = self.get(key) { Some(value) } else { None }
    }

    pub(crate) fn path(&self, key: Key) -> Option<&Path> {
        if let Some(Value::Path(value)) = self.get(key) { Some(value) } else { None }
    }
}

/// Reads what stands in the parentheses of an attribute.
pub(crate) fn parse(kind: Kind, tokens: TokenStream, errors: &mut Errors) -> Attributes {
    let mut found = Attributes::default();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Err(error) = item(kind, input, &mut found, errors) {
                errors.add(error);
                // One mistake is one error: go on behind the next comma.
                while !input.is_empty() && !input.peek(Token![,]) {
                    input.parse::<proc_macro2::TokenTree>()?;
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.add(error);
    }
    if kind == Kind::Resource && found.uri.is_none() && errors.is_empty() {
        errors.at(
            Span::call_site(),
            "a resource needs its URI, or a URI template, as in `#[mcp::resource(\"docs://readme\")]`",
        );
    }
    found
}

fn item(kind: Kind, input: ParseStream<'_>, found: &mut Attributes, errors: &mut Errors) -> syn::Result<()> {
    if input.peek(LitStr) {
        let uri: LitStr = input.parse()?;
        if kind != Kind::Resource {
            let message =
                format!("a {} has no text without a key; did you mean `description = …`?", kind.name());
            errors.on(&uri, message);
        } else if found.uri.is_some() || !found.values.is_empty() {
            errors.on(&uri, "the URI stands once, and first");
        } else {
            found.uri = Some(uri);
        }
        return Ok(());
    }
    let ident = input.call(Ident::parse_any)?;
    let written = ident.to_string();
    let known = KEYS.iter().filter(|row| row.kinds.contains(&kind));
    let Some(row) = known.clone().find(|row| row.name == written) else {
        let message = match KEYS.iter().find(|row| row.name == written) {
            Some(row) => {
                let kinds: Vec<_> =
                    row.kinds.iter().map(|kind| format!("`#[mcp::{}]`", kind.name())).collect();
                format!("`{written}` is a key of {} only", kinds.join(" and "))
            }
            None => format!("there is no key `{written}`; {}", suggest(&written, known.map(|row| row.name))),
        };
        return Err(syn::Error::new(ident.span(), message));
    };
    let value = value(row, &ident, input)?;
    if let Some(first) = found.ident(row.key) {
        let message = format!("`{first}` stands here twice");
        errors.on(&ident, message);
        return Ok(());
    }
    found.values.push((row.key, ident, value));
    Ok(())
}

fn value(row: &Row, ident: &Ident, input: ParseStream<'_>) -> syn::Result<Value> {
    let name = row.name;
    let wanted = match row.form {
        Form::Flag => format!("`{name}` stands alone, or as `{name} = false`"),
        Form::Text => format!("`{name}` takes a text, as in `{name} = \"…\"`"),
        Form::Number => format!("`{name}` takes a number, as in `{name} = 1024`"),
        Form::Path => format!("`{name}` takes a path, as in `{name} = crate::mcp`"),
    };
    if !input.peek(Token![=]) {
        return match row.form {
            Form::Flag if input.is_empty() || input.peek(Token![,]) => Ok(Value::Flag(true)),
            _ => Err(syn::Error::new(ident.span(), wanted)),
        };
    }
    input.parse::<Token![=]>()?;
    let explain = |error: syn::Error| syn::Error::new(error.span(), &wanted);
    match row.form {
        Form::Flag => input.parse().map(|value: LitBool| Value::Flag(value.value)).map_err(explain),
        Form::Text => input.parse().map(Value::Text).map_err(explain),
        Form::Number => input.parse().map(Value::Number).map_err(explain),
        Form::Path => input.call(Path::parse_mod_style).map(Value::Path).map_err(explain),
    }
}
