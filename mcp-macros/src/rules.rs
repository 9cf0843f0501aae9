//! The rules of what is said about arguments, as far as they can be checked without knowing types.

use syn::Expr;

use crate::attr::Key;
use crate::attributes::Attributes;
use crate::diag::Errors;
use crate::kind::Kind;
use crate::literal::{Literal, literal};
use crate::model::{Argument, Definition, OWN};
use crate::uri::Part;

/// The name of an argument has at most so many characters, so that every client can use it.
const LONGEST_NAME: usize = 64;

pub(crate) fn check(definition: &Definition, errors: &mut Errors) {
    let mut seen: Vec<&Argument> = Vec::new();
    for argument in &definition.arguments {
        own(definition, argument, errors);
        renamed(definition.kind, &argument.attributes, errors);
        same_name(argument, &mut seen, errors);
        pattern(&argument.attributes, errors);
        values(&argument.attributes, errors);
        secret(&argument.attributes, errors);
        variable(definition, argument, errors);
    }
}

/// Only what the caller gives has anything that could be said of it.
fn own(definition: &Definition, argument: &Argument, errors: &mut Errors) {
    let keys = &argument.attributes;
    if argument.is_plain() {
        return;
    }
    let Some(key) = keys.first(OWN) else { return };
    match &argument.name {
        None => errors.on(key, "this argument has no name that callers could use: add `rename = \"…\"`"),
        Some((name, span))
            if definition.kind == Kind::Resource
                && !definition.variables().any(|variable| variable == name) =>
        {
            let span = if keys.text(Key::Rename).is_some() { *span } else { key.span() };
            errors.at(
                span,
                format!("`#[arg(…)]` stands on variables of the URI, and the URI has no variable `{name}`"),
            );
        }
        Some(_) => {}
    }
}

fn renamed(kind: Kind, keys: &Attributes, errors: &mut Errors) {
    let Some(rename) = keys.text(Key::Rename) else { return };
    let name = rename.value();
    let legal = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if kind == Kind::Resource {
        return;
    }
    if let Some(illegal) = name.chars().find(|c| !legal(*c)) {
        errors.on(
            rename,
            format!("{illegal:?} cannot stand in the name of an argument: use letters, digits, `_`, `-` and `.` of ASCII"),
        );
    } else if !(1..=LONGEST_NAME).contains(&name.len()) {
        errors.on(
            rename,
            format!(
                "the name of an argument has 1 to {LONGEST_NAME} characters; this one has {}",
                name.len()
            ),
        );
    }
}

fn same_name<'a>(argument: &'a Argument, seen: &mut Vec<&'a Argument>, errors: &mut Errors) {
    let Some((name, span)) = &argument.name else { return };
    let same = |other: &&&Argument| other.name.as_ref().is_some_and(|(other, _)| other == name);
    // Which of those that depend on conditions exist, only the compiler knows.
    if let Some(other) = seen.iter().find(same)
        && argument.conditions.is_empty()
        && other.conditions.is_empty()
    {
        errors.at(*span, format!("another argument is called `{name}` already: `rename` one of them"));
    }
    seen.push(argument);
}

fn pattern(keys: &Attributes, errors: &mut Errors) {
    let Some(pattern) = keys.text(Key::Pattern) else { return };
    let text = pattern.value();
    let foreign = [
        ("\\A", "write `^`"),
        ("\\z", "write `$`"),
        ("(?P<", "write `(?<name>…)`"),
        ("[[:", "write the characters, as in `[a-z]`"),
        ("(?i", "write both cases, as in `[aA]`"),
        ("(?m", "leave the flag out"),
        ("(?s", "leave the flag out"),
        ("(?x", "leave the flag out"),
        ("(?u", "leave the flag out"),
    ];
    if let Err(error) = regex_lite::Regex::new(&text) {
        let look = ["(?=", "(?!", "(?<=", "(?<!"].iter().find(|look| text.contains(**look));
        let why = match look {
            Some(look) => format!("`{look}…)` looks around, which is not supported"),
            None => error.to_string(),
        };
        errors.on(pattern, format!("this pattern is no regular expression: {why}"));
    } else if let Some((found, instead)) = foreign.iter().find(|(found, _)| text.contains(found)) {
        errors.on(
            pattern,
            format!("clients read patterns as JavaScript does, where `{found}` means something else or nothing: {instead}"),
        );
    }
}

/// Defaults and examples keep the rules that stand beside them.
fn values(keys: &Attributes, errors: &mut Errors) {
    let defaults = keys.expression(Key::Default).into_iter().map(|default| ("default", default));
    let examples = keys.expressions(Key::Example).map(|example| ("example", example));
    for (what, written) in defaults.chain(examples) {
        match literal(written) {
            Err(error) => errors.add(error),
            Ok(Some(value)) => value_keeps(what, written, &value, keys, errors),
            // An expression is checked when the server is built.
            Ok(None) => {}
        }
    }
}

fn value_keeps(what: &str, written: &Expr, value: &Literal, keys: &Attributes, errors: &mut Errors) {
    if let (Some(range), Some(number)) = (keys.range(Key::Range), value.number())
        && !range.holds(number)
    {
        errors.on(written, format!("this {what} is outside of the `range` of its argument"));
    }
    if let (Some(range), Some((length, unit))) = (keys.range(Key::Length), value.length())
        && !range.holds(exactly(length))
    {
        errors.on(
            written,
            format!("this {what} has {length} {unit}, which the `length` of its argument does not allow"),
        );
    }
    if let (Some(pattern), Literal::Text(text)) = (keys.text(Key::Pattern), value)
        && regex_lite::Regex::new(&pattern.value()).is_ok_and(|pattern| !pattern.is_match(text))
    {
        errors.on(written, format!("this {what} does not match the `pattern` of its argument"));
    }
}

#[allow(clippy::cast_precision_loss, reason = "no literal is so long")]
fn exactly(length: usize) -> f64 {
    length as f64
}

fn secret(keys: &Attributes, errors: &mut Errors) {
    if keys.flag(Key::Secret) != Some(true) {
        return;
    }
    for (key, why) in [
        (Key::Default, "a default is published, so it is no secret"),
        (Key::Example, "an example is published, so it is no secret: describe the value"),
        (Key::Header, "a header is written to many logs, so a secret cannot be repeated in one"),
        (Key::Complete, "a secret cannot be completed: that would show it"),
    ] {
        if let Some(ident) = keys.ident(key) {
            errors.on(ident, format!("{why}; leave `{ident}` or `secret` out"));
        }
    }
}

/// What of a URI is always there needs nothing that stands in for it.
fn variable(definition: &Definition, argument: &Argument, errors: &mut Errors) {
    let Some((name, _)) = argument.name.as_ref().filter(|_| definition.kind == Kind::Resource) else {
        return;
    };
    if !definition.variables().any(|variable| variable == name) {
        return;
    }
    if let Some(condition) = argument.conditions.first() {
        errors.on(
            condition,
            format!("the variable `{name}` is always in the URI, so its argument cannot depend on a condition: put it on the function"),
        );
    }
    let optional = |part: &Part| matches!(part, Part::Query(names) if names.contains(name));
    if let Some(ident) = argument.attributes.ident(Key::Default)
        && !definition.uri.iter().any(optional)
    {
        errors.on(
            ident,
            format!("the variable `{name}` is always in the URI, so nothing stands in for it: only one of `{{?…}}` can be left out"),
        );
    }
}

/// The texts that models read have a budget.
pub(crate) fn too_long(text: &str) -> Option<String> {
    let length = text.chars().count();
    (length > LONGEST_DESCRIPTION).then(|| {
        format!(
            "this description has {length} characters, and clients cut off what is past {LONGEST_DESCRIPTION}: say what \
             it does and when to use it, and leave the rest to resources"
        )
    })
}

/// Some clients refuse longer descriptions, others cut them off, and every call pays for each of them.
pub(crate) const LONGEST_DESCRIPTION: usize = 1024;
