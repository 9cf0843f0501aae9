//! What a model meant where it slipped: `"5"` for 5, `30.0` for 30, `"true"` for true, the text of an array or object for
//! that, `null` for what may be left out. The schema says what is wanted; where it could mean two things, nothing is changed.

use serde_json::Value;

use super::look::{is_one_of, kinds, listed, referred, required, resolved};
use super::walk::Walk;
use crate::json::{Node, number};

/// What a model did where it meant something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Slip {
    /// A number in quotes.
    QuotedNumber,
    /// `true` or `false` in quotes.
    QuotedBoolean,
    /// A whole number with a fraction or an exponent.
    Fraction,
    /// An array or an object in quotes.
    QuotedJson,
    /// `null` for what may be left out.
    Null,
}

impl Slip {
    pub(crate) const ALL: [Self; 5] =
        [Self::QuotedNumber, Self::QuotedBoolean, Self::Fraction, Self::QuotedJson, Self::Null];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::QuotedNumber => "quoted_number",
            Self::QuotedBoolean => "quoted_boolean",
            Self::Fraction => "fraction",
            Self::QuotedJson => "quoted_json",
            Self::Null => "null",
        }
    }
}

/// So deep it is looked.
const DEEPEST: usize = 32;
/// So many values are looked at, and so many slips are mended.
const MOST_STEPS: usize = 50_000;
const MOST_SLIPS: usize = 1000;

/// Mends values by one schema document.
pub(crate) struct Coercion<'a> {
    root: &'a Value,
    left: usize,
    path: String,
    /// What was mended, and where.
    pub(crate) slips: Vec<(Slip, String)>,
}

impl<'a> Coercion<'a> {
    pub(crate) fn new(root: &'a Value) -> Self {
        Self { root, left: MOST_STEPS, path: String::new(), slips: Vec::new() }
    }

    /// What was meant; `None` where nothing is to be changed, or it is too much.
    pub(crate) fn all(&mut self, node: &Node) -> Option<Node> {
        let mended = self.value(self.root, node, DEEPEST);
        if self.left == 0 || self.slips.len() >= MOST_SLIPS { None } else { mended }
    }

    fn slip(&mut self, slip: Slip, node: Node) -> Option<Node> {
        if self.slips.len() < MOST_SLIPS {
            self.slips.push((slip, super::words::cut(&self.path, 200)));
        }
        Some(node)
    }

    fn value(&mut self, schema: &'a Value, node: &Node, deeper: usize) -> Option<Node> {
        let deeper = deeper.checked_sub(1)?;
        self.left = self.left.checked_sub(1)?;
        let mut mended: Option<Node> = None;
        let mut step = |this: &mut Self,
                        part: &'a Value,
                        how: fn(&mut Self, &'a Value, &Node, usize) -> Option<Node>| {
            let now = mended.as_ref().unwrap_or(node);
            if let Some(next) = how(this, part, now, deeper) {
                mended = Some(next);
            }
        };
        if let Some(target) =
            schema.get("$ref").and_then(Value::as_str).and_then(|to| referred(self.root, to))
        {
            step(self, target, Self::value);
        }
        step(self, schema, Self::own);
        for part in listed(schema, "allOf") {
            step(self, part, Self::value);
        }
        if ["anyOf", "oneOf"].iter().any(|union| !listed(schema, union).is_empty()) {
            step(self, schema, Self::union);
        }
        mended
    }

    /// What the schema itself says, without others that it names.
    fn own(&mut self, schema: &'a Value, node: &Node, deeper: usize) -> Option<Node> {
        let kinds = kinds(schema);
        if is_one_of(node, &kinds) {
            return match node {
                Node::Array(items) => self.items(schema, items, deeper),
                Node::Object(members) => self.members(schema, members, deeper),
                _ => None,
            };
        }
        let takes = |kind: &str| kinds.contains(&kind);
        match node {
            Node::Number(written) if takes("integer") => {
                let whole = number::whole(written)?;
                self.slip(Slip::Fraction, Node::Number(whole))
            }
            Node::Text(text) => {
                let candidates = [
                    self.number(text, &kinds).map(|node| (Slip::QuotedNumber, node)),
                    boolean(text).filter(|_| takes("boolean")).map(|node| (Slip::QuotedBoolean, node)),
                    structure(text, takes("array"), takes("object")).map(|node| (Slip::QuotedJson, node)),
                ];
                let mut candidates = candidates.into_iter().flatten();
                let (slip, meant) = candidates.next()?;
                // A text has one form only, so there is no other; were there one, nothing would be changed.
                if candidates.next().is_some() {
                    return None;
                }
                let inner = self.own(schema, &meant, deeper);
                self.slip(slip, inner.unwrap_or(meant))
            }
            _ => None,
        }
    }

    fn number(&self, text: &str, kinds: &[&str]) -> Option<Node> {
        if kinds.contains(&"number") {
            let finite = number::is_number(text) && text.parse::<f64>().is_ok_and(f64::is_finite);
            return finite.then(|| Node::Number(text.to_owned()));
        }
        let whole = number::whole(text).filter(|_| kinds.contains(&"integer"))?;
        Some(Node::Number(whole))
    }

    /// One of several: what fits as it is stays, and otherwise all that fit when mended must agree.
    fn union(&mut self, schema: &'a Value, node: &Node, deeper: usize) -> Option<Node> {
        let mut meant: Option<(Node, Vec<(Slip, String)>)> = None;
        let free = |option: &&Value| {
            let option = resolved(self.root, option);
            option.is_none_or(|option| {
                is_one_of(node, &kinds(option))
                    && option.get("const").is_none()
                    && option.get("enum").is_none()
            })
        };
        // Any text may have been meant as a text, right or wrong.
        if matches!(node, Node::Text(_))
            && ["anyOf", "oneOf"].iter().flat_map(|union| listed(schema, union)).any(|option| free(&option))
        {
            return None;
        }
        for option in ["anyOf", "oneOf"].iter().flat_map(|union| listed(schema, union)) {
            if self.fits(option, node)? {
                return None;
            }
            let before = self.slips.len();
            let mended = self.value(option, node, deeper);
            let slips = self.slips.split_off(before);
            let Some(mended) = mended else { continue };
            if !self.fits(option, &mended)? {
                continue;
            }
            match &meant {
                Some((known, _)) if *known != mended => return None,
                _ => meant = Some((mended, slips)),
            }
        }
        let (mended, slips) = meant?;
        self.slips.extend(slips);
        Some(mended)
    }

    /// Whether a value fits; `None` where that takes too long to tell.
    fn fits(&mut self, schema: &'a Value, node: &Node) -> Option<bool> {
        let mut walk = Walk::within(self.root, self.left);
        let fits = walk.accepts(schema, node);
        self.left = walk.left();
        (self.left > 0).then_some(fits)
    }

    fn items(&mut self, schema: &'a Value, items: &[Node], deeper: usize) -> Option<Node> {
        let (first, rest) = (listed(schema, "prefixItems"), schema.get("items"));
        let mut mended: Option<Vec<Node>> = None;
        for (at, item) in items.iter().enumerate() {
            let Some(schema) = first.get(at).or(rest) else { break };
            let length = self.path.len();
            self.path.push_str(&format!("[{at}]"));
            let meant = self.value(schema, item, deeper);
            self.path.truncate(length);
            if let Some(meant) = meant
                && let Some(place) = mended.get_or_insert_with(|| items.to_vec()).get_mut(at)
            {
                *place = meant;
            }
        }
        mended.map(Node::Array)
    }

    fn members(&mut self, schema: &'a Value, members: &[(String, Node)], deeper: usize) -> Option<Node> {
        let others = schema.get("additionalProperties").filter(|other| other.is_object());
        let properties = schema.get("properties").and_then(Value::as_object);
        let mut mended: Vec<(String, Node)> = Vec::with_capacity(members.len());
        let mut changed = false;
        for (name, value) in members {
            let property = properties.and_then(|properties| properties.get(name));
            let length = self.path.len();
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(&super::words::cut(name, 60));
            let meant = match property.or(others) {
                // What may be left out, and cannot be null, was left out.
                Some(schema_of)
                    if *value == Node::Null
                        && property.is_some()
                        && !required(schema).any(|required| required == name)
                        && self.fits(schema_of, value) == Some(false) =>
                {
                    changed = true;
                    self.slip(Slip::Null, Node::Null);
                    self.path.truncate(length);
                    continue;
                }
                Some(schema) => self.value(schema, value, deeper),
                None => None,
            };
            self.path.truncate(length);
            changed |= meant.is_some();
            mended.push((name.clone(), meant.unwrap_or_else(|| value.clone())));
        }
        changed.then_some(Node::Object(mended))
    }
}

fn boolean(text: &str) -> Option<Node> {
    match text {
        "true" => Some(Node::Bool(true)),
        "false" => Some(Node::Bool(false)),
        _ => None,
    }
}

/// The array or object that a text is the JSON of.
fn structure(text: &str, array: bool, object: bool) -> Option<Node> {
    if !(array || object) || !text.trim_start().starts_with(['[', '{']) {
        return None;
    }
    match Node::read_strictly(text)? {
        node @ Node::Array(_) if array => Some(node),
        node @ Node::Object(_) if object => Some(node),
        _ => None,
    }
}
