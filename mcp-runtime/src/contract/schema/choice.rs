//! Values that are listed, and schemas of which one has to fit.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Moved, Place, Walk, short};
use crate::contract::change::Verdict;
use crate::contract::references::{ANNOTATIONS, resolved};
use crate::contract::values::{listed, options, simple, tag, type_of, types};

/// Keywords that leave a choice.
const CHOICES: &[&str] = &["const", "enum", "oneOf", "anyOf"];

impl Walk<'_> {
    /// Values that are listed, and schemas to choose from. Whether the rest is worth a look.
    pub(super) fn choices(
        &mut self,
        at: &Place,
        old: &mut Map<String, Value>,
        new: &mut Map<String, Value>,
    ) -> bool {
        let crowded =
            |schema: &Map<String, Value>| CHOICES.iter().filter(|key| schema.contains_key(**key)).count() > 1;
        if crowded(old) || crowded(new) {
            // All of them hold at once.
            for key in CHOICES {
                self.whole(at, key, old, new);
                old.remove(*key);
                new.remove(*key);
            }
            return true;
        }
        let (was, is) = (listed(self.roots.0, old), listed(self.roots.1, new));
        match (was, is) {
            (Some(was), Some(is)) => {
                self.values(at, &was, &is);
                for key in ["const", "enum", "oneOf", "anyOf", "type"] {
                    old.remove(key);
                    new.remove(key);
                }
            }
            (None, None) => return self.unions(at, old, new),
            (was, is) => {
                let is_union =
                    |schema: &Map<String, Value>, listed: bool| options(schema).is_some() && !listed;
                if is_union(old, was.is_some()) || is_union(new, is.is_some()) {
                    return self.unions(at, old, new);
                }
                let (narrower, values, other) = match (&was, &is) {
                    (None, Some(values)) => (Moved::Narrower, values, types(old)),
                    (Some(values), _) => (Moved::Wider, values, types(new)),
                    (None, None) => return true,
                };
                let fits = values.keys().all(|value| other.contains(type_of(value)));
                let moved = if fits { narrower } else { Moved::Otherwise };
                let what = match narrower {
                    Moved::Narrower => format!("is one of {} now", several(values.keys())),
                    _ => format!("is no longer one of {} only", several(values.keys())),
                };
                self.moved(moved, at, &what);
                for key in ["const", "enum", "oneOf", "anyOf", "type"] {
                    old.remove(key);
                    new.remove(key);
                }
            }
        }
        true
    }

    fn values(&mut self, at: &Place, was: &BTreeMap<String, String>, is: &BTreeMap<String, String>) {
        let gone: Vec<_> = was.keys().filter(|value| !is.contains_key(*value)).collect();
        if !gone.is_empty() {
            self.moved(Moved::Narrower, at, &format!("is never {} any more", several(gone)));
        }
        let more: Vec<_> = is.keys().filter(|value| !was.contains_key(*value)).collect();
        if !more.is_empty() {
            self.moved(Moved::Wider, at, &format!("may be {} now", several(more)));
        }
        for (value, said) in is {
            if was.get(value).is_some_and(|was| was != said) {
                self.say(Verdict::Wording, at, &format!("describes {value} otherwise"));
            }
        }
    }

    /// Schemas of which one has to fit. Whether the rest is worth a look.
    fn unions(&mut self, at: &Place, old: &mut Map<String, Value>, new: &mut Map<String, Value>) -> bool {
        let bare = |schema: &Map<String, Value>| {
            schema.keys().all(|key| ["oneOf", "anyOf"].contains(&&**key) || ANNOTATIONS.contains(&&**key))
        };
        let (was, is) = match (options(old).cloned(), options(new).cloned()) {
            (None, None) => return true,
            (Some(was), Some(is)) => (was, is),
            // One schema is a choice of one, or of its types.
            (None, Some(is)) if bare(new) => (singles(old), is),
            (Some(was), None) if bare(old) => (was, singles(new)),
            (was, _) => {
                let moved = if was.is_none() { Moved::Narrower } else { Moved::Wider };
                self.moved(moved, at, "is to fit other alternatives");
                for key in ["oneOf", "anyOf"] {
                    old.remove(key);
                    new.remove(key);
                }
                return true;
            }
        };
        self.options(at, was, is);
        let both_unions = options(old).is_some() && options(new).is_some();
        for key in ["oneOf", "anyOf"] {
            old.remove(key);
            new.remove(key);
        }
        both_unions
    }

    fn options(&mut self, at: &Place, mut was: Vec<Value>, mut is: Vec<Value>) {
        // Those that are as they were, but for texts.
        was.retain(|old| {
            let same = is.iter().enumerate().find_map(|(place, new)| {
                let found = self.apart(at, old, new);
                found.iter().all(|(verdict, _)| *verdict == Verdict::Wording).then_some((place, found))
            });
            match same {
                Some((place, found)) => {
                    is.remove(place);
                    self.found.extend(found);
                    false
                }
                None => true,
            }
        });
        // Those that are known by their tag, or else by their type.
        let roots = self.roots;
        for name in [tag, simple] {
            was.retain(|old| {
                let Some(known) = name(&resolved(roots.0, old)) else { return true };
                let place = is.iter().position(|new| name(&resolved(roots.1, new)).as_ref() == Some(&known));
                let Some(place) = place else { return true };
                let new = is.remove(place);
                self.schema(&at.below(&format!("({known})")), old, &new);
                false
            });
        }
        if let ([old], [new]) = (was.as_slice(), is.as_slice()) {
            let tags = (tag(&resolved(roots.0, old)), tag(&resolved(roots.1, new)));
            if tags == (None, None) {
                return self.schema(at, old, new);
            }
        }
        for old in &was {
            let what = format!("is never {} any more", in_short(&resolved(roots.0, old)));
            self.moved(Moved::Narrower, at, &what);
        }
        for new in &is {
            self.moved(Moved::Wider, at, &format!("may be {} now", in_short(&resolved(roots.1, new))));
        }
    }
}

/// A schema as the options of a choice, one for each of its types: what is said of it belongs to the choice.
fn singles(schema: &Map<String, Value>) -> Vec<Value> {
    let rules = schema.iter().filter(|(key, _)| !ANNOTATIONS.contains(&&***key));
    let mut whole: Map<String, Value> = rules.map(|(key, value)| (key.clone(), value.clone())).collect();
    let kinds = match whole.get("type") {
        Some(Value::Array(kinds)) if !whole.contains_key("enum") && !whole.contains_key("const") => {
            kinds.clone()
        }
        _ => return vec![whole.into()],
    };
    let one = |kind: Value| {
        if kind == "null" {
            return Map::from_iter([("type".to_owned(), kind)]).into();
        }
        whole.insert("type".into(), kind);
        whole.clone().into()
    };
    kinds.into_iter().map(one).collect()
}

fn several<'a>(values: impl IntoIterator<Item = &'a String>) -> String {
    values.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// An option of a choice, so that a person knows it.
fn in_short(schema: &Map<String, Value>) -> String {
    tag(schema).unwrap_or_else(|| match schema.get("type") {
        Some(Value::String(kind)) if kind == "null" => "null".into(),
        Some(Value::String(kind)) => format!("of the type {kind}"),
        _ => short(&Value::Object(schema.clone())),
    })
}
