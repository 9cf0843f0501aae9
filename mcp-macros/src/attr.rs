//! The keys of the attributes: one table, and one parser that reads all of them.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, Lit, LitBool, LitInt, LitStr, Meta, Path, Token};

use crate::diag::{Errors, suggest};
use crate::json::{self, Object};
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
    Audience,
    Priority,
    Ttl,
    Public,
    Icon,
    Meta,
    App,
    Task,
    Timeout,
    Concurrency,
    Idempotency,
    Inline,
    Crate,
    Complete,
    Header,
}

/// What an attribute stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Function,
    Argument,
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
    /// `= 0.5`
    Fraction,
    /// `= some::path`
    Path,
    /// `= { "name": … }`
    Json,
    /// Nothing, or some of these words in parentheses.
    Words(&'static [&'static str]),
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
    row(Key::Description, "description", Form::Text, ALL),
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
    row(Key::Timeout, "timeout", Form::Text, ALL),
    row(Key::Concurrency, "concurrency", Form::Number, ALL),
    row(Key::Idempotency, "idempotency", Form::Text, TOOL),
    row(Key::Inline, "inline", Form::Flag, ALL),
    row(Key::Crate, "crate", Form::Path, ALL),
    argument(Key::Complete, "complete", Form::Path, COMPLETED),
    argument(Key::Header, "header", Form::Text, TOOL),
];

/// Keys that may stand several times.
const SEVERAL: &[Key] = &[Key::Icon, Key::Audience];

/// Keys of arguments that are known and not understood: whoever writes one is told so, and not that he mistyped it.
const LATER: &[&str] =
    &["default", "range", "length", "pattern", "example", "rename", "description", "secret", "schema"];

/// What was written behind a key.
pub(crate) enum Value {
    Flag(bool),
    Text(LitStr),
    Number(LitInt),
    Fraction(Lit),
    Path(Path),
    Json(Object),
    Words(Vec<Ident>),
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

    /// All texts of a key that may stand several times.
    pub(crate) fn texts(&self, key: Key) -> impl Iterator<Item = &LitStr> {
        self.values.iter().filter_map(move |(found, _, value)| match value {
            Value::Text(text) if *found == key => Some(text),
            _ => None,
        })
    }

    pub(crate) fn json(&self, key: Key) -> Option<&Object> {
        if let Some(Value::Json(value)) = self.get(key) { Some(value) } else { None }
    }

    /// The words behind a key that was written.
    pub(crate) fn words(&self, key: Key) -> Option<&[Ident]> {
        if let Some(Value::Words(words)) = self.get(key) { Some(words) } else { None }
    }

    pub(crate) fn number(&self, key: Key) -> Option<&LitInt> {
        if let Some(Value::Number(value)) = self.get(key) { Some(value) } else { None }
    }

    pub(crate) fn fraction(&self, key: Key) -> Option<&Lit> {
        if let Some(Value::Fraction(value)) = self.get(key) { Some(value) } else { None }
    }

    pub(crate) fn path(&self, key: Key) -> Option<&Path> {
        if let Some(Value::Path(value)) = self.get(key) { Some(value) } else { None }
    }
}

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
            errors.on(&text, format!("a text needs a key here, as in `{} = …`", example(kind)));
        } else if kind != Kind::Resource {
            let message =
                format!("a {} has no text without a key; did you mean `description = …`?", kind.name());
            errors.on(&text, message);
        } else if found.uri.is_some() || !found.values.is_empty() {
            errors.on(&text, "the URI stands once, and first");
        } else {
            found.uri = Some(text);
        }
        return Ok(());
    }
    let ident = input.call(Ident::parse_any)?;
    let row = find(kind, place, &ident)?;
    let value = value(row, &ident, input)?;
    if let Some(first) = found.ident(row.key).filter(|_| !SEVERAL.contains(&row.key)) {
        let message = format!("`{first}` stands here twice");
        errors.on(&ident, message);
        return Ok(());
    }
    found.values.push((row.key, ident, value));
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
            format!("`{written}` is a key {of} {} only", kinds.join(" and "))
        }
        None if place == Place::Argument && LATER.contains(&written.as_str()) => format!(
            "`{written}` of an argument is not there yet: describe the argument with `///`, and use a type of your own \
             for the rest"
        ),
        None => format!("there is no key `{written}`; {}", suggest(&written, known.map(|row| row.name))),
    };
    Err(syn::Error::new(ident.span(), message))
}

fn value(row: &Row, ident: &Ident, input: ParseStream<'_>) -> syn::Result<Value> {
    let name = row.name;
    let wanted = match row.form {
        Form::Flag => format!("`{name}` stands alone, or as `{name} = false`"),
        Form::Text => format!("`{name}` takes a text, as in `{name} = \"…\"`"),
        Form::Number => format!("`{name}` takes a number, as in `{name} = 1024`"),
        Form::Fraction => format!("`{name}` takes a number from 0 to 1, as in `{name} = 0.5`"),
        Form::Json => {
            format!("`{name}` takes an object, as in `{name} = {{ \"com.example/team\": \"billing\" }}`")
        }
        Form::Path => format!("`{name}` takes a path, as in `{name} = some::path`"),
        Form::Words(words) => {
            let some: Vec<_> = words.iter().map(|word| format!("`{name}({word})`")).collect();
            format!("`{name}` stands alone, or as {}", some.join(" or "))
        }
    };
    if let Form::Words(known) = row.form {
        return words(known, input, &wanted).map(Value::Words);
    }
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
        Form::Fraction => input.parse().map(Value::Fraction).map_err(explain),
        Form::Json => match input.parse()? {
            proc_macro2::TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Brace => {
                json::object(&group).map(Value::Json)
            }
            other => Err(syn::Error::new(other.span(), &wanted)),
        },
        Form::Path => input.call(Path::parse_mod_style).map(Value::Path).map_err(explain),
        Form::Words(_) => Err(input.error(&wanted)),
    }
}

/// The words in the parentheses behind a key, if there are any.
fn words(known: &[&str], input: ParseStream<'_>, wanted: &str) -> syn::Result<Vec<Ident>> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(Vec::new());
    }
    if !input.peek(syn::token::Paren) {
        return Err(input.error(wanted));
    }
    let inside;
    syn::parenthesized!(inside in input);
    let words = inside.parse_terminated(Ident::parse_any, Token![,])?;
    for word in &words {
        let written = word.to_string();
        if !known.contains(&written.as_str()) {
            let message =
                format!("there is no `{written}` here; {}", suggest(&written, known.iter().copied()));
            return Err(syn::Error::new(word.span(), message));
        }
    }
    if words.is_empty() { Err(inside.error(wanted)) } else { Ok(words.into_iter().collect()) }
}
