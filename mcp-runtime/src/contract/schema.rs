//! Two schemas of the same thing, walked side by side: what more or less the new one allows, and so what it breaks.

mod choice;
mod object;

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::change::Verdict;
use super::number;
use super::references::{ANNOTATIONS, refers, resolved, same};
use super::values::types;

/// Which way values go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Callers give them: whatever fitted is to fit.
    Takes,
    /// Callers get them: whatever comes is to be what could have come.
    Gives,
}

/// What a schema allows now, compared with what it allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved {
    Narrower,
    Wider,
    /// Neither, or nobody knows.
    Otherwise,
}

/// Schemas are looked into so deep; deeper down a change is taken for a breaking one.
const DEEPEST: usize = 64;

/// So many schemas that refer to others are compared, since what is compared where it is used may be used everywhere.
const MOST: usize = 4096;

/// Keywords by which a bigger number allows more.
const CEILINGS: &[&str] = &["maxLength", "maxItems", "maxProperties", "maxContains"];
/// Keywords by which a bigger number allows less; without them it is 0.
const FLOORS: &[&str] = &["minLength", "minItems", "minProperties"];
/// Keywords that forbid something where they are there.
const RULES: &[&str] = &["pattern", "format", "multipleOf", "uniqueItems"];
/// Keywords that are compared by functions of their own.
const UNDERSTOOD: &[&str] = &[
    "type",
    "const",
    "enum",
    "oneOf",
    "anyOf",
    "allOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "items",
    "prefixItems",
    "$defs",
    "definitions",
];

/// What changed from one schema to the other. Both are whole documents.
pub(super) fn compare(side: Side, old: &Value, new: &Value) -> Vec<(Verdict, String)> {
    if old == new {
        return Vec::new();
    }
    let mut walk = Walk {
        side,
        roots: (old, new),
        met: Vec::new(),
        leans: usize::MAX,
        same: BTreeSet::new(),
        left: MOST,
        found: Vec::new(),
    };
    walk.schema(&Place::root(), old, new);
    if walk.left == 0 {
        walk.moved(Moved::Otherwise, &Place::root(), "are too many parts to be compared");
    }
    walk.found
}

/// Where in a value.
#[derive(Debug, Clone)]
struct Place {
    path: String,
    depth: usize,
}

impl Place {
    fn root() -> Self {
        Self { path: String::new(), depth: 0 }
    }

    fn member(&self, name: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.below(&format!("{dot}{name}"))
    }

    fn below(&self, what: &str) -> Self {
        Self { path: format!("{}{what}", self.path), depth: self.depth + 1 }
    }
}

/// A schema before and after, as they are written.
type Pair = (String, String);

struct Walk<'a> {
    side: Side,
    roots: (&'a Value, &'a Value),
    /// The pairs that are being compared: types may hold themselves, and are the same if nothing else differs.
    met: Vec<Pair>,
    /// The first of these that was taken for the same since the last was begun.
    leans: usize,
    /// Those that were found to be the same, whatever is above them.
    same: BTreeSet<Pair>,
    left: usize,
    found: Vec<(Verdict, String)>,
}

impl Walk<'_> {
    fn say(&mut self, verdict: Verdict, at: &Place, what: &str) {
        let named = match (self.side, at.path.as_str()) {
            (Side::Takes, "") => "arguments:".into(),
            (Side::Takes, path) => format!("argument \"{path}\""),
            (Side::Gives, "") => "result:".into(),
            (Side::Gives, path) => format!("result \"{path}\""),
        };
        self.found.push((verdict, format!("{named} {what}")));
    }

    fn moved(&mut self, moved: Moved, at: &Place, what: &str) {
        let verdict = match (moved, self.side) {
            (Moved::Wider, Side::Takes) | (Moved::Narrower, Side::Gives) => Verdict::Additive,
            _ => Verdict::Breaking,
        };
        self.say(verdict, at, what);
    }

    /// What a comparison finds, on its own.
    fn apart(&mut self, at: &Place, old: &Value, new: &Value) -> Vec<(Verdict, String)> {
        let before = std::mem::take(&mut self.found);
        self.schema(at, old, new);
        std::mem::replace(&mut self.found, before)
    }

    fn schema(&mut self, at: &Place, old: &Value, new: &Value) {
        let refer = refers(old) || refers(new);
        if old == new && !refer {
            return;
        }
        if at.depth > DEEPEST {
            self.moved(Moved::Otherwise, at, "is nested too deep to be compared");
            return;
        }
        if !refer {
            let (old, new) = (resolved(self.roots.0, old), resolved(self.roots.1, new));
            return self.members(at, old, new);
        }
        let pair = (old.to_string(), new.to_string());
        if let Some(place) = self.met.iter().position(|met| *met == pair) {
            self.leans = self.leans.min(place);
            return;
        }
        if self.left == 0 || self.same.contains(&pair) {
            return;
        }
        self.left -= 1;
        let (outer, before) = (std::mem::replace(&mut self.leans, usize::MAX), self.found.len());
        self.met.push(pair);
        let (old, new) = (resolved(self.roots.0, old), resolved(self.roots.1, new));
        self.members(at, old, new);
        let pair = self.met.pop();
        let alone = self.leans >= self.met.len();
        if alone && self.found.len() == before && self.left > 0 {
            self.same.extend(pair);
        }
        self.leans = if alone { outer } else { outer.min(self.leans) };
    }

    fn members(&mut self, at: &Place, mut old: Map<String, Value>, mut new: Map<String, Value>) {
        let nothing = |schema: &Map<String, Value>| {
            schema
                .get("not")
                .is_some_and(|not| *not == Value::Bool(true) || not.as_object().is_some_and(Map::is_empty))
        };
        match (nothing(&old), nothing(&new)) {
            (true, true) => return,
            (true, false) => return self.moved(Moved::Wider, at, "may be there now"),
            (false, true) => return self.moved(Moved::Narrower, at, "may not be there any more"),
            (false, false) => {}
        }
        self.texts(at, &old, &new);
        if !self.choices(at, &mut old, &mut new) || !self.types(at, &old, &new) {
            return;
        }
        for (upper, keyword) in [(false, "minimum"), (true, "maximum")] {
            self.range(at, &old, &new, upper, keyword);
        }
        self.sizes(at, &old, &new);
        self.rules(at, &old, &new);
        self.items(at, &old, &new);
        self.object(at, &old, &new);
        self.all_of(at, &old, &new);
        self.rest(at, &old, &new);
    }

    /// What is said of a value, and allows or forbids nothing.
    fn texts(&mut self, at: &Place, old: &Map<String, Value>, new: &Map<String, Value>) {
        // A default is looked at where it is known whether the value may be left out.
        for key in ANNOTATIONS.iter().filter(|key| **key != "default") {
            if old.get(*key) != new.get(*key) {
                let what = match *key {
                    "description" => "is described otherwise".into(),
                    key => format!("has another \"{key}\""),
                };
                self.say(Verdict::Wording, at, &what);
            }
        }
    }

    /// Whether the rest is worth a look: values of other types have nothing in common.
    fn types(&mut self, at: &Place, old: &Map<String, Value>, new: &Map<String, Value>) -> bool {
        let (was, is) = (types(old), types(new));
        let moved = match (was.is_subset(&is), is.is_subset(&was)) {
            (true, true) => return true,
            (true, false) => Moved::Wider,
            (false, true) => Moved::Narrower,
            (false, false) => Moved::Otherwise,
        };
        let written = |schema: &Map<String, Value>| match schema.get("type") {
            Some(Value::Array(kinds)) => {
                kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
            }
            Some(Value::String(kind)) => kind.clone(),
            _ => "anything".into(),
        };
        self.moved(moved, at, &format!("was {} and is {}", written(old), written(new)));
        was.intersection(&is).next().is_some()
    }

    fn range(
        &mut self,
        at: &Place,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        upper: bool,
        keyword: &str,
    ) {
        let moved = match number::moved(old, new, upper) {
            Some(Ordering::Equal) => return,
            Some(Ordering::Less) => Moved::Narrower,
            Some(Ordering::Greater) => Moved::Wider,
            None => Moved::Otherwise,
        };
        let exclusive = if upper { "exclusiveMaximum" } else { "exclusiveMinimum" };
        let keyword = match old.get(exclusive) != new.get(exclusive) {
            true if old.get(keyword) == new.get(keyword) => exclusive,
            _ => keyword,
        };
        self.moved(moved, at, &became(keyword, old.get(keyword), new.get(keyword)));
    }

    fn sizes(&mut self, at: &Place, old: &Map<String, Value>, new: &Map<String, Value>) {
        let none = Value::from(0);
        for key in CEILINGS.iter().chain(FLOORS) {
            let ceiling = CEILINGS.contains(key);
            let (was, is) = match ceiling {
                true => (old.get(*key), new.get(*key)),
                false => (Some(old.get(*key).unwrap_or(&none)), Some(new.get(*key).unwrap_or(&none))),
            };
            let grown = match (was, is) {
                (None, None) => continue,
                (None, Some(_)) => Some(Ordering::Less),
                (Some(_), None) => Some(Ordering::Greater),
                (Some(was), Some(is)) => number::compare(is, was),
            };
            let moved = match grown {
                Some(Ordering::Equal) => continue,
                Some(grown) if (grown == Ordering::Greater) == ceiling => Moved::Wider,
                Some(_) => Moved::Narrower,
                None if was == is => continue,
                None => Moved::Otherwise,
            };
            self.moved(moved, at, &became(key, old.get(*key), new.get(*key)));
        }
    }

    fn rules(&mut self, at: &Place, old: &Map<String, Value>, new: &Map<String, Value>) {
        let there = |value: &&Value| **value != Value::Bool(false);
        for key in RULES {
            let moved = match (old.get(*key).filter(there), new.get(*key).filter(there)) {
                (None, None) => continue,
                (Some(was), Some(is)) if was == is => continue,
                (None, Some(_)) => Moved::Narrower,
                (Some(_), None) => Moved::Wider,
                (Some(was), Some(is)) if *key == "multipleOf" && number::is_multiple(is, was) => {
                    Moved::Narrower
                }
                (Some(was), Some(is)) if *key == "multipleOf" && number::is_multiple(was, is) => Moved::Wider,
                (Some(_), Some(_)) => Moved::Otherwise,
            };
            self.moved(moved, at, &became(key, old.get(*key), new.get(*key)));
        }
    }

    fn items(&mut self, at: &Place, old: &Map<String, Value>, new: &Map<String, Value>) {
        let first = |schema: &Map<String, Value>| match schema.get("prefixItems") {
            Some(Value::Array(first)) => first.clone(),
            _ => Vec::new(),
        };
        let others = |schema: &Map<String, Value>| schema.get("items").cloned().unwrap_or(Value::Bool(true));
        let (was, is) = (first(old), first(new));
        let (other_was, other_is) = (others(old), others(new));
        for place in 0..was.len().max(is.len()) {
            let (was, is) = (was.get(place).unwrap_or(&other_was), is.get(place).unwrap_or(&other_is));
            self.schema(&at.below(&format!("[{place}]")), was, is);
        }
        self.schema(&at.below("[]"), &other_was, &other_is);
    }

    fn all_of(&mut self, at: &Place, old: &Map<String, Value>, new: &Map<String, Value>) {
        let all = |schema: &Map<String, Value>| match schema.get("allOf") {
            Some(Value::Array(all)) => all.clone(),
            _ => Vec::new(),
        };
        let (mut was, mut is) = (all(old), all(new));
        if was.len() == is.len() {
            // In whatever order they stand.
            was.retain(|old| match is.iter().position(|new| same(self.roots, old, new)) {
                Some(place) => {
                    is.remove(place);
                    false
                }
                None => true,
            });
            for (was, is) in was.iter().zip(&is) {
                self.schema(at, was, is);
            }
        } else {
            self.moved(Moved::Otherwise, at, "is to fit other schemas");
        }
    }

    /// A keyword that is not to change.
    fn whole(&mut self, at: &Place, key: &str, old: &Map<String, Value>, new: &Map<String, Value>) {
        let (was, is) = (old.get(key), new.get(key));
        if was.is_some() != is.is_some() || was.zip(is).is_some_and(|(was, is)| !same(self.roots, was, is)) {
            self.moved(Moved::Otherwise, at, &became(key, was, is));
        }
    }

    /// Whatever is not understood. It is not to change.
    fn rest(&mut self, at: &Place, old: &Map<String, Value>, new: &Map<String, Value>) {
        let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let known = |key: &str| {
            [UNDERSTOOD, ANNOTATIONS, CEILINGS, FLOORS, RULES].iter().any(|known| known.contains(&key))
        };
        for key in keys.into_iter().filter(|key| !known(key)) {
            self.whole(at, key, old, new);
        }
    }
}

/// `"maximum" was 10 and is 5`
fn became(key: &str, was: Option<&Value>, is: Option<&Value>) -> String {
    match (was, is) {
        (None, Some(is)) => format!("has the new rule \"{key}\": {}", short(is)),
        (Some(was), None) => format!("has no \"{key}\" any more, which was {}", short(was)),
        (Some(was), Some(is)) => format!("\"{key}\" was {} and is {}", short(was), short(is)),
        (None, None) => format!("\"{key}\" is another"),
    }
}

/// A value in a line.
fn short(value: &Value) -> String {
    let written = value.to_string();
    match written.char_indices().nth(80) {
        Some((end, _)) => format!("{} …", written.get(..end).unwrap_or_default()),
        None => written,
    }
}
