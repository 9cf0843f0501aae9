//! The keys of the attributes: one table, and one parser that reads all of them. What stands behind a key reads `value`.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, LitStr, Meta, Token};

use crate::attributes::Attributes;
use crate::diag::{Errors, suggest};
use crate::kind::Kind;
use crate::value;

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
    Audience,
    Priority,
    Ttl,
    Public,
    Icon,
    Meta,
    App,
    Task,
    Scopes,
    Tags,
    Raw,
    Cut,
    Timeout,
    Concurrency,
    Idempotency,
    Inline,
    Strict,
    Crate,
    Complete,
    Header,
    Default,
    Range,
    Length,
    Pattern,
    Example,
    Rename,
    Schema,
    Secret,
}

/// What an attribute stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Function,
    Argument,
}

/// What stands behind a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Nothing, or `= true`, or `= false`.
    Flag,
    /// `= "…"`
    Text,
    /// `= 5`
    Number,
    /// `= 0.5`
    Fraction,
    /// `= some::path`
    Path,
    /// `= { "name": … }`
    Json,
    /// Texts in parentheses.
    Texts,
    /// Nothing, or some of these words in parentheses.
    Words(&'static [&'static str]),
    /// `= "…"`, or an expression that is a constant text
    Prose,
    /// `= 5`, or any other expression
    Sample,
    /// Nothing, or `= 5`, or any other expression
    Default,
    /// `= 1..=10`
    Range,
    /// `= 1..=80`, or `= 4`
    Length,
    /// `= Type`, or an expression that is a schema
    Schema,
}

struct Row {
    key: Key,
    name: &'static str,
    form: Form,
    place: Place,
    /// The macros that know the key.
    kinds: &'static [Kind],
}

const ALL: &[Kind] = &[Kind::Tool, Kind::Resource, Kind::Prompt];
const TOOL: &[Kind] = &[Kind::Tool];
const RESOURCE: &[Kind] = &[Kind::Resource];
const DESCRIBED: &[Kind] = &[Kind::Tool, Kind::Prompt];
const COMPLETED: &[Kind] = &[Kind::Resource, Kind::Prompt];

const fn row(key: Key, name: &'static str, form: Form, kinds: &'static [Kind]) -> Row {
    Row { key, name, form, place: Place::Function, kinds }
}

const fn argument(key: Key, name: &'static str, form: Form, kinds: &'static [Kind]) -> Row {
    Row { key, name, form, place: Place::Argument, kinds }
}

/// Every key there is.
const KEYS: &[Row] = &[
    row(Key::Name, "name", Form::Text, ALL),
    row(Key::Title, "title", Form::Text, ALL),
    row(Key::Description, "description", Form::Prose, ALL),
    row(Key::ReadOnly, "read_only", Form::Flag, TOOL),
    row(Key::Destructive, "destructive", Form::Flag, TOOL),
    row(Key::Idempotent, "idempotent", Form::Flag, TOOL),
    row(Key::OpenWorld, "open_world", Form::Flag, TOOL),
    row(Key::Mime, "mime", Form::Text, RESOURCE),
    row(Key::Size, "size", Form::Number, RESOURCE),
    row(Key::Audience, "audience", Form::Text, RESOURCE),
    row(Key::Priority, "priority", Form::Fraction, RESOURCE),
    row(Key::Ttl, "ttl", Form::Number, RESOURCE),
    row(Key::Public, "public", Form::Flag, RESOURCE),
    row(Key::Icon, "icon", Form::Text, ALL),
    row(Key::Meta, "meta", Form::Json, ALL),
    row(Key::App, "app", Form::Text, TOOL),
    row(Key::Task, "task", Form::Words(&["deferred", "required"]), TOOL),
    row(Key::Scopes, "scopes", Form::Texts, ALL),
    row(Key::Tags, "tags", Form::Texts, ALL),
    row(Key::Raw, "raw", Form::Flag, ALL),
    row(Key::Cut, "cut", Form::Number, TOOL),
    row(Key::Timeout, "timeout", Form::Text, ALL),
    row(Key::Concurrency, "concurrency", Form::Number, ALL),
    row(Key::Idempotency, "idempotency", Form::Text, TOOL),
    row(Key::Inline, "inline", Form::Flag, ALL),
    row(Key::Strict, "strict", Form::Flag, TOOL),
    row(Key::Crate, "crate", Form::Path, ALL),
    argument(Key::Default, "default", Form::Default, ALL),
    argument(Key::Range, "range", Form::Range, ALL),
    argument(Key::Length, "length", Form::Length, ALL),
    argument(Key::Pattern, "pattern", Form::Text, ALL),
    argument(Key::Example, "example", Form::Sample, TOOL),
    argument(Key::Rename, "rename", Form::Text, ALL),
    argument(Key::Description, "description", Form::Prose, DESCRIBED),
    argument(Key::Schema, "schema", Form::Schema, ALL),
    argument(Key::Secret, "secret", Form::Flag, DESCRIBED),
    argument(Key::Complete, "complete", Form::Path, COMPLETED),
    argument(Key::Header, "header", Form::Text, TOOL),
];

/// What to do where a key is none of the macro's.
fn remedy(key: Key, kind: Kind) -> &'static str {
    match (key, kind) {
        (Key::Example, _) => ": show the example in the description",
        (Key::Description, Kind::Resource) => {
            ": the protocol has no place for it, so say it in the description of the resource"
        }
        (Key::Secret, Kind::Resource) => ": URIs are written to many logs, so a secret cannot stand in one",
        _ => "",
    }
}

/// Keys that may stand several times.
const SEVERAL: &[Key] = &[Key::Icon, Key::Audience, Key::Example];

/// Reads what stands in the parentheses of an attribute of a function.
pub(crate) fn parse(kind: Kind, tokens: TokenStream, errors: &mut Errors) -> Attributes {
    let mut found = Attributes::default();
    items(kind, Place::Function, tokens, &mut found, errors);
    if kind == Kind::Resource && found.uri.is_none() && errors.is_empty() {
        errors.at(
            Span::call_site(),
            "a resource needs its URI, or a URI template, as in `#[mcp::resource(\"docs://readme\")]`",
        );
    }
    found
}

/// Reads every `#[arg(…)]` of an argument.
pub(crate) fn parse_argument(kind: Kind, attributes: &[Attribute], errors: &mut Errors) -> Attributes {
    let mut found = Attributes::default();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("arg")) {
        match &attribute.meta {
            Meta::List(list) if !list.tokens.is_empty() => {
                items(kind, Place::Argument, list.tokens.clone(), &mut found, errors);
            }
            _ => {
                errors.on(attribute, format!("`#[arg]` says nothing: write `#[arg({} = …)]`", example(kind)))
            }
        }
    }
    found
}

fn example(kind: Kind) -> &'static str {
    let known = KEYS.iter().find(|row| row.place == Place::Argument && row.kinds.contains(&kind));
    known.map_or("key", |row| row.name)
}

fn items(kind: Kind, place: Place, tokens: TokenStream, found: &mut Attributes, errors: &mut Errors) {
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Err(error) = item(kind, place, input, found, errors) {
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
}

fn item(
    kind: Kind,
    place: Place,
    input: ParseStream<'_>,
    found: &mut Attributes,
    errors: &mut Errors,
) -> syn::Result<()> {
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        if place == Place::Argument {
            let key = if DESCRIBED.contains(&kind) { "description" } else { example(kind) };
            errors.on(&text, format!("a text needs a key here, as in `{key} = …`"));
        } else if kind != Kind::Resource {
            let message =
                format!("a {} has no text without a key; did you mean `description = …`?", kind.name());
            errors.on(&text, message);
        } else if found.uri.is_some() || !found.is_empty() {
            errors.on(&text, "the URI stands once, and first");
        } else {
            found.uri = Some(text);
        }
        return Ok(());
    }
    let ident = input.call(Ident::parse_any)?;
    let row = find(kind, place, &ident)?;
    let value = value::read(row.name, row.form, &ident, input)?;
    if let Some(first) = found.ident(row.key).filter(|_| !SEVERAL.contains(&row.key)) {
        let message = format!("`{first}` stands here twice");
        errors.on(&ident, message);
        return Ok(());
    }
    found.push(row.key, ident, value);
    Ok(())
}

/// The key that was written, if it may stand here.
fn find(kind: Kind, place: Place, ident: &Ident) -> syn::Result<&'static Row> {
    let written = ident.to_string();
    let here = KEYS.iter().filter(|row| row.place == place);
    let known = here.clone().filter(|row| row.kinds.contains(&kind));
    if let Some(row) = known.clone().find(|row| row.name == written) {
        return Ok(row);
    }
    let message = match here.clone().find(|row| row.name == written) {
        Some(row) => {
            let kinds: Vec<_> = row.kinds.iter().map(|kind| format!("`#[mcp::{}]`", kind.name())).collect();
            let of = if place == Place::Argument { "of arguments under" } else { "of" };
            format!("`{written}` is a key {of} {} only{}", kinds.join(" and "), remedy(row.key, kind))
        }
        None => format!("there is no key `{written}`; {}", suggest(&written, known.map(|row| row.name))),
    };
    Err(syn::Error::new(ident.span(), message))
}
