//! Two catalogues, item by item.

use std::collections::BTreeSet;

use serde_json::Value;

use super::change::{Change, Verdict};
use super::schema::{self, Side};
use crate::Catalogue;

/// What changed from one catalogue to the other, and what each change means to those who call; in the order of the catalogue.
/// The [module](mod@crate::contract) says what is taken for what.
///
/// ```
/// use mcp::contract::{Verdict, compare};
///
/// /// Adds numbers.
/// #[mcp::tool]
/// async fn add(a: i64, b: Option<i64>) -> i64 { a + b.unwrap_or(1) }
///
/// let old = mcp::server!().explicit().catalogue()?;
/// let new = mcp::server!().explicit().tool::<add>().catalogue()?;
/// let changes = compare(&old, &new);
/// assert_eq!(changes[0].verdict, Verdict::Additive);
/// assert_eq!(changes[0].to_string(), "tool \"add\": is new");
/// # Ok::<_, mcp::BuildError>(())
/// ```
pub fn compare(old: &Catalogue, new: &Catalogue) -> Vec<Change> {
    let mut found = Vec::new();
    if old.instructions != new.instructions {
        found.push(Change {
            verdict: Verdict::Wording,
            item: "server".into(),
            what: "has other instructions".into(),
        });
    }
    items(&mut found, "tool", "name", &old.tools, &new.tools, tool);
    items(&mut found, "resource", "uri", &old.resources, &new.resources, member);
    items(&mut found, "resource template", "uriTemplate", &old.templates, &new.templates, member);
    items(&mut found, "prompt", "name", &old.prompts, &new.prompts, prompt);
    found
}

type Found = Vec<(Verdict, String)>;

/// Compares what has the same key; `each` compares one member of two items.
fn items(
    found: &mut Vec<Change>,
    kind: &str,
    key: &str,
    old: &[Value],
    new: &[Value],
    each: fn(&str, &Value, &Value) -> Found,
) {
    let key_of = |item: &Value| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let keys: BTreeSet<String> = old.iter().chain(new).map(key_of).collect();
    for name in keys {
        let find = |items: &[Value]| items.iter().find(|item| key_of(item) == name).cloned();
        let changes = match (find(old), find(new)) {
            (None, Some(_)) => vec![(Verdict::Additive, "is new".into())],
            (Some(_), None) => vec![(Verdict::Breaking, "is gone".into())],
            (Some(old), Some(new)) => members(&old, &new, each),
            (None, None) => Vec::new(),
        };
        let item = format!("{kind} \"{name}\"");
        found.extend(changes.into_iter().map(|(verdict, what)| Change { verdict, item: item.clone(), what }));
    }
}

fn members(old: &Value, new: &Value, each: fn(&str, &Value, &Value) -> Found) -> Found {
    let names = |item: &Value| -> BTreeSet<String> {
        item.as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default()
    };
    let mut found = Vec::new();
    for name in names(old).union(&names(new)) {
        let of = |item: &Value| item.get(name).cloned().unwrap_or_default();
        let (was, is) = (of(old), of(new));
        if was != is {
            found.extend(each(name, &was, &is));
        }
    }
    found
}

fn tool(name: &str, was: &Value, is: &Value) -> Found {
    match (name, was, is) {
        ("inputSchema", _, _) => schema::compare(Side::Takes, was, is),
        ("outputSchema", Value::Null, _) => vec![(Verdict::Additive, "says now what its result is".into())],
        ("outputSchema", _, Value::Null) => {
            vec![(Verdict::Breaking, "does not say any more what its result is".into())]
        }
        ("outputSchema", _, _) => schema::compare(Side::Gives, was, is),
        ("annotations", _, _) => behaviour(was, is),
        _ => member(name, was, is),
    }
}

/// What a tool says of its own behaviour. Hosts let calls pass by it without asking anybody.
fn behaviour(was: &Value, is: &Value) -> Found {
    const UNDERSTOOD: [&str; 4] = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];
    let says = |hints: &Value, name: &str| hints.get(name).and_then(Value::as_bool);
    let flag = |name: &str| (says(was, name), says(is, name));
    let others = differing(was, is).filter(|(name, _, _)| !UNDERSTOOD.contains(&name.as_str()));
    let mut found: Found = others.flat_map(|(name, was, is)| member(&name, &was, &is)).collect();
    let read_only = match flag("readOnlyHint") {
        (Some(true), Some(true)) => true,
        (Some(true), _) => {
            found.push((Verdict::Breaking, "is not read-only any more".into()));
            false
        }
        (_, Some(true)) => {
            found.push((Verdict::Additive, "is read-only now".into()));
            true
        }
        (was, is) => {
            if was != is {
                found.push((Verdict::Wording, "says otherwise that it is not read-only".into()));
            }
            false
        }
    };
    // Of a tool that changes nothing these say nothing.
    let weighed = |verdict| if read_only { Verdict::Wording } else { verdict };
    let mut say = |verdict, what: &str| found.push((weighed(verdict), what.into()));
    match flag("destructiveHint") {
        (was, is) if was == is => {}
        (_, Some(true)) => say(Verdict::Breaking, "is destructive now"),
        (Some(false), _) => say(Verdict::Breaking, "does not say any more that it destroys nothing"),
        (_, Some(false)) => say(Verdict::Additive, "destroys nothing now"),
        _ => say(Verdict::Additive, "does not say any more that it is destructive"),
    }
    match flag("idempotentHint") {
        (was, is) if was == is => {}
        (Some(true), _) => say(Verdict::Breaking, "is not idempotent any more"),
        (_, Some(true)) => say(Verdict::Additive, "is idempotent now"),
        _ => say(Verdict::Wording, "says otherwise that it is not idempotent"),
    }
    match flag("openWorldHint") {
        (was, is) if was == is => {}
        (Some(false), _) => found.push((Verdict::Breaking, "reaches into an open world now".into())),
        (_, Some(false)) => {
            found.push((Verdict::Additive, "does not reach into an open world any more".into()));
        }
        _ => found.push((Verdict::Wording, "says otherwise that it reaches into an open world".into())),
    }
    found
}

fn prompt(name: &str, was: &Value, is: &Value) -> Found {
    if name != "arguments" {
        return member(name, was, is);
    }
    let none = Vec::new();
    let (was, is) = (was.as_array().unwrap_or(&none), is.as_array().unwrap_or(&none));
    let name_of =
        |argument: &Value| argument.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let required = |argument: &Value| argument.get("required") == Some(&Value::Bool(true));
    let names: BTreeSet<String> = was.iter().chain(is).map(name_of).collect();
    let mut found = Vec::new();
    for name in names {
        let find = |arguments: &[Value]| arguments.iter().find(|it| name_of(it) == name).cloned();
        let mut say = |verdict, what: &str| found.push((verdict, format!("argument \"{name}\" {what}")));
        match (find(was), find(is)) {
            (None, Some(is)) if required(&is) => say(Verdict::Breaking, "is new and required"),
            (None, Some(_)) => say(Verdict::Additive, "is new and optional"),
            (Some(_), None) => say(Verdict::Breaking, "is gone"),
            (Some(was), Some(is)) => {
                match (required(&was), required(&is)) {
                    (false, true) => say(Verdict::Breaking, "is required now"),
                    (true, false) => say(Verdict::Additive, "may be left out now"),
                    _ => {}
                }
                for (key, _, _) in differing(&was, &is).filter(|(key, _, _)| key != "required") {
                    match key.as_str() {
                        "description" => say(Verdict::Wording, "is described otherwise"),
                        "title" => say(Verdict::Wording, "has another title"),
                        key => say(Verdict::Breaking, &format!("has another \"{key}\"")),
                    }
                }
            }
            (None, None) => {}
        }
    }
    found
}

/// The members in which two objects differ.
fn differing(was: &Value, is: &Value) -> impl Iterator<Item = (String, Value, Value)> {
    let names = |item: &Value| -> BTreeSet<String> {
        item.as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default()
    };
    let (was, is) = (was.clone(), is.clone());
    let names: Vec<_> = names(&was).union(&names(&is)).cloned().collect();
    names.into_iter().filter_map(move |name| {
        let of = |item: &Value| item.get(&name).cloned().unwrap_or_default();
        let (was, is) = (of(&was), of(&is));
        (was != is).then_some((name, was, is))
    })
}

/// What everything that is offered may have.
fn member(name: &str, was: &Value, is: &Value) -> Found {
    let wording = |what: &str| vec![(Verdict::Wording, what.to_owned())];
    match (name, was, is) {
        ("description", _, _) => wording("is described otherwise"),
        ("title", _, _) => wording("has another title"),
        ("icons", _, _) => wording("has other icons"),
        ("size", _, _) => wording("has another size"),
        ("annotations", _, _) => wording("is marked otherwise for whom it is, or how much it matters"),
        ("_meta", _, _) => meta(was, is),
        ("mimeType", Value::Null, is) => vec![(Verdict::Additive, format!("says now that it is {is}"))],
        ("mimeType", was, Value::Null) => {
            vec![(Verdict::Breaking, format!("does not say any more that it is {was}"))]
        }
        ("mimeType", was, is) => vec![(Verdict::Breaking, format!("was {was} and is {is}"))],
        ("name", was, is) => vec![(Verdict::Breaking, format!("was called {was} and is called {is}"))],
        (name, _, _) => vec![(Verdict::Breaking, format!("has another \"{name}\""))],
    }
}

fn meta(was: &Value, is: &Value) -> Found {
    let change = |(name, was, is): (String, Value, Value)| match (was, is) {
        (Value::Null, _) => (Verdict::Additive, format!("has \"{name}\" in `_meta` now")),
        (_, Value::Null) => (Verdict::Breaking, format!("has no \"{name}\" in `_meta` any more")),
        _ => (Verdict::Breaking, format!("has another \"{name}\" in `_meta`")),
    };
    differing(was, is).map(change).collect()
}
