//! The rules that can be checked without knowing types.

use proc_macro2::Span;
use syn::Lit;

use crate::attr::Key;
use crate::diag::{Errors, suggest};
use crate::kind::Kind;
use crate::model::Definition;
use crate::policy;
use crate::prose;
use crate::rules::too_long;

/// A name is at most this long, so that every client can use it.
const LONGEST_NAME: usize = 64;

pub(crate) fn check(definition: &Definition, errors: &mut Errors) {
    names(definition, errors);
    descriptions(definition, errors);
    variables(definition, errors);
    inline(definition, errors);
    size(definition, errors);
    ttl(definition, errors);
    hints(definition, errors);
    annotations(definition, errors);
    uris(definition, errors);
    meta(definition, errors);
    completed(definition, errors);
    headers(definition, errors);
    scopes(definition, errors);
    tags(definition, errors);
    policy::check(definition, errors);
    texts(definition, errors);
}

/// What is published may not hide anything, nor instruct the model. What only the compiler knows is looked at by it.
fn texts(definition: &Definition, errors: &mut Errors) {
    let named = [Key::Name, Key::Title].into_iter().filter_map(|key| definition.attributes.text(key));
    let named = named.chain(&definition.attributes.uri).map(|text| (text.value(), text.span()));
    let descriptions = definition.arguments.iter().map(|argument| &argument.description);
    let descriptions = descriptions.chain([&definition.description]);
    let descriptions = descriptions.filter_map(|text| Some((text.literal.clone()?, text.span)));
    for (text, span) in named.chain(descriptions) {
        let Some(fault) = prose::fault(&text) else { continue };
        // Of many lines of documentation the one that is meant, where it is one.
        let mut lines = definition.function.documentation().filter(|line| text.contains(line.value().trim()));
        let line = lines.find(|line| prose::fault(&line.value()).is_some());
        errors.at(line.map_or(span, syn::LitStr::span), fault.message(&text).text());
    }
}

fn names(definition: &Definition, errors: &mut Errors) {
    let (name, span) = &definition.name;
    if definition.kind == Kind::Resource {
        if name.is_empty() || name.chars().any(char::is_control) {
            errors.at(*span, "the name of a resource is a text without control characters");
        }
        return;
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let what = definition.kind.name();
    if let Some(illegal) = name.chars().find(|c| !legal(*c)) {
        errors.at(
            *span,
            format!("{illegal:?} cannot stand in the name of a {what}: use letters, digits, `_`, `-` and `.` of ASCII"),
        );
    } else if !(1..=LONGEST_NAME).contains(&name.len()) {
        errors.at(
            *span,
            format!("the name of a {what} has 1 to {LONGEST_NAME} characters; this one has {}", name.len()),
        );
    }
}

fn descriptions(definition: &Definition, errors: &mut Errors) {
    if let Some(title) = definition.attributes.text(Key::Title)
        && title.value().trim().is_empty()
    {
        errors.on(title, "an empty title says nothing: leave it out, or say something");
    }
    let arguments = definition.arguments.iter().map(|argument| &argument.description);
    for description in std::iter::once(&definition.description).chain(arguments) {
        let Some(text) = &description.literal else { continue };
        if description.explicit && text.trim().is_empty() {
            let problem = "an empty description says nothing: leave it out, or say something";
            errors.at(description.span, problem);
        } else if let Some(problem) = too_long(text) {
            errors.at(description.span, problem);
        }
    }
}

/// Every variable of a URI has an argument.
fn variables(definition: &Definition, errors: &mut Errors) {
    let Some(uri) = &definition.attributes.uri else { return };
    let names: Vec<_> = definition.arguments.iter().filter_map(|argument| argument.name.as_ref()).collect();
    let names = names.iter().map(|(name, _)| name.as_str());
    for variable in definition.variables() {
        if !names.clone().any(|name| name == variable) {
            let hint = if names.clone().next().is_none() {
                format!("write `{variable}: String`")
            } else {
                suggest(variable, names.clone())
            };
            errors.at(
                part_of(uri, variable),
                format!("the variable `{variable}` of the URI has no argument of the same name; {hint}"),
            );
        }
    }
}

/// Where in the URI a variable stands, where the compiler can tell, and the URI otherwise.
fn part_of(uri: &syn::LitStr, variable: &str) -> Span {
    let text = uri.token().to_string();
    let found = text.match_indices(variable).find(|(at, _)| {
        let before = text.get(..*at).and_then(|before| before.chars().next_back());
        let after = text.get(at + variable.len()..).and_then(|after| after.chars().next());
        before.is_some_and(|c| "{+?,".contains(c)) && after.is_some_and(|c| "},".contains(c))
    });
    let part = found.and_then(|(at, _)| uri.token().subspan(at..at + variable.len()));
    part.unwrap_or_else(|| uri.span())
}

fn inline(definition: &Definition, errors: &mut Errors) {
    if let (Some(ident), Some(_)) =
        (definition.attributes.ident(Key::Inline), &definition.function.signature.asyncness)
    {
        errors.on(ident, "an async function needs no thread of its own: leave `inline` out");
    }
}

fn size(definition: &Definition, errors: &mut Errors) {
    let Some(size) = definition.attributes.number(Key::Size) else { return };
    if size.base10_parse::<u64>().is_err() {
        errors.on(size, "`size` is a number of bytes, as in `size = 1024`");
    } else if definition.variables().next().is_some() {
        errors.on(size, "a template stands for many resources, so it has no `size`");
    }
}

fn ttl(definition: &Definition, errors: &mut Errors) {
    if let Some(ttl) = definition.attributes.number(Key::Ttl)
        && ttl.base10_parse::<u32>().is_err()
    {
        errors.on(ttl, "`ttl` is a number of seconds, as in `ttl = 30`");
    }
}

/// Hints that contradict each other help no client.
fn hints(definition: &Definition, errors: &mut Errors) {
    let said = |key| definition.attributes.flag(key);
    if said(Key::ReadOnly) != Some(true) {
        return;
    }
    if let (Some(true), Some(ident)) = (said(Key::Destructive), definition.attributes.ident(Key::Destructive))
    {
        errors.on(ident, "what is `read_only` destroys nothing: leave one of the two out");
    }
    if let (Some(false), Some(ident)) = (said(Key::Idempotent), definition.attributes.ident(Key::Idempotent))
    {
        errors.on(ident, "what is `read_only` can be done twice: leave `idempotent = false` out");
    }
}

/// Whom a resource is for, and how much it matters.
fn annotations(definition: &Definition, errors: &mut Errors) {
    for role in definition.attributes.texts(Key::Audience) {
        if !["user", "assistant"].contains(&role.value().as_str()) {
            errors
                .on(role, "a resource is for the `user` or for the `assistant`, as in `audience = \"user\"`");
        }
    }
    if let Some(priority) = definition.attributes.fraction(Key::Priority)
        && fraction(priority).is_none_or(|value| !(0.0..=1.0).contains(&value))
    {
        errors.on(
            priority,
            "`priority` is a number from 0 (may be left out) to 1 (required), as in `priority = 0.5`",
        );
    }
}

/// The number that a literal stands for.
pub(crate) fn fraction(literal: &Lit) -> Option<f64> {
    match literal {
        Lit::Float(value) => value.base10_parse().ok(),
        Lit::Int(value) => value.base10_parse().ok(),
        _ => None,
    }
}

/// Pictures come over a safe way, and apps from the server itself.
fn uris(definition: &Definition, errors: &mut Errors) {
    let whole = |uri: &str| !uri.chars().any(|c| c.is_whitespace() || c.is_control());
    for icon in definition.attributes.texts(Key::Icon) {
        let uri = icon.value();
        let scheme = uri.split_once(':').map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
        let fine = scheme.is_some_and(|(scheme, rest)| {
            (scheme == "https" && rest.starts_with("//") && rest.len() > 2)
                || (scheme == "data" && !rest.is_empty())
        });
        if !fine || !whole(&uri) {
            errors.on(icon, "an icon stands at an `https:` or `data:` URI, as in `icon = \"https://example.com/icon.png\"`");
        }
    }
    if let Some(app) = definition.attributes.text(Key::App) {
        let uri = app.value();
        if uri.strip_prefix("ui://").is_none_or(str::is_empty) || !whole(&uri) {
            errors.on(
                app,
                "an app is a resource whose URI begins with `ui://`, as in `app = \"ui://weather/card\"`",
            );
        }
    }
}

/// The names in `_meta` (specification, "_meta").
fn meta(definition: &Definition, errors: &mut Errors) {
    let Some(object) = definition.attributes.json(Key::Meta) else { return };
    for name in &object.names {
        if let Some(problem) = problem_of_name(&name.value()) {
            errors.on(name, problem);
        }
    }
}

fn problem_of_name(name: &str) -> Option<&'static str> {
    let alphanumeric = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let inside = |text: &str, extra: &[u8]| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || extra.contains(&byte))
    };
    let (prefix, rest) = match name.rsplit_once('/') {
        Some((prefix, rest)) => (Some(prefix), rest),
        None => (None, name),
    };
    let word = |word: &str| {
        let bytes = word.as_bytes();
        alphanumeric(bytes.first()) && alphanumeric(bytes.last()) && inside(word, b"-_.")
    };
    let label = |label: &str| {
        let bytes = label.as_bytes();
        bytes.first().is_some_and(u8::is_ascii_alphabetic)
            && alphanumeric(bytes.last())
            && inside(label, b"-")
    };
    if !(rest.is_empty() && prefix.is_some() || word(rest))
        || prefix.is_some_and(|prefix| !prefix.split('.').all(label))
    {
        return Some("a name in `meta` is a domain of yours and a word, as in `\"com.example/team\"`");
    }
    let second = prefix.and_then(|prefix| prefix.split('.').nth(1));
    second
        .filter(|label| ["modelcontextprotocol", "mcp"].contains(label))
        .map(|_| "this prefix is reserved for the protocol: use a domain of your own")
}

/// What a caller must be allowed, in the characters of RFC 6749.
fn scopes(definition: &Definition, errors: &mut Errors) {
    let scopes = definition.attributes.listed(Key::Scopes);
    let legal = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    for (at, scope) in scopes.iter().enumerate() {
        let text = scope.value();
        if text.is_empty() || !text.chars().all(legal) {
            errors.on(
                scope,
                "a scope has printable ASCII without spaces, quotes and backslashes, as in `scopes(\"orders:write\")`; \
                 several stand beside each other: `scopes(\"a\", \"b\")`",
            );
        } else if text == "offline_access" {
            errors
                .on(scope, "`offline_access` is between a client and its authorization server: leave it out");
        } else if scopes.iter().take(at).any(|before| before.value() == text) {
            errors.on(scope, format!("`{text}` stands here twice"));
        }
    }
    if let (Some(ident), Some(true), false) =
        (definition.attributes.ident(Key::Public), definition.attributes.flag(Key::Public), scopes.is_empty())
    {
        errors
            .on(ident, "`public` lets caches give it to anybody, and `scopes` do not: leave one of them out");
    }
}

/// A tag is a word: an operator writes several in one line.
fn tags(definition: &Definition, errors: &mut Errors) {
    let tags = definition.attributes.listed(Key::Tags);
    for (at, tag) in tags.iter().enumerate() {
        let text = tag.value();
        let legal = |c: char| c.is_ascii_alphanumeric() || "_.:/-".contains(c);
        if text.is_empty() || !text.chars().all(legal) {
            errors.on(
                tag,
                "a tag has letters and digits of ASCII, `_`, `-`, `.`, `:` and `/`, as in `tags(\"orders\")`; several stand \
                 beside each other: `tags(\"a\", \"b\")`",
            );
        } else if tags.iter().take(at).any(|before| before.value() == text) {
            errors.on(tag, format!("`{text}` stands here twice"));
        }
    }
}

/// What can be completed is what the user types.
fn completed(definition: &Definition, errors: &mut Errors) {
    for argument in &definition.arguments {
        let Some(ident) = argument.attributes.ident(Key::Complete) else { continue };
        match &argument.name {
            None => errors.on(ident, "only an argument with a name of its own can be completed"),
            Some((name, _))
                if definition.kind == Kind::Resource
                    && !definition.variables().any(|variable| variable == name) =>
            {
                errors.on(ident, "only a variable of the URI can be completed");
            }
            Some(_) => {}
        }
    }
}

/// A header that repeats an argument has a name that can stand in HTTP, and no other argument has it.
fn headers(definition: &Definition, errors: &mut Errors) {
    let mut seen: Vec<String> = Vec::new();
    for argument in &definition.arguments {
        let Some(header) = argument.attributes.text(Key::Header) else { continue };
        if argument.name.is_none() {
            errors.on(header, "only an argument with a name of its own can be repeated in a header");
        }
        let name = header.value().to_ascii_lowercase();
        let legal = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() {
            errors.on(header, "the name of a header is not empty, as in `header = \"Region\"`");
        } else if let Some(illegal) = name.chars().find(|c| !legal(*c)) {
            errors.on(
                header,
                format!(
                    "{illegal:?} cannot stand in the name of a header: use letters, digits and `-`, as in \
                     `header = \"Region\"`"
                ),
            );
        } else if seen.contains(&name) {
            errors.on(
                header,
                format!("another argument is repeated in the header `Mcp-Param-{}`", header.value()),
            );
        } else {
            seen.push(name);
        }
    }
}
