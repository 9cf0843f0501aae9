//! URI templates (RFC 6570), taken apart while compiling.

/// A part of a URI template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Literal(String),
    Variable(String),
    Rest(String),
    Query(Vec<String>),
}

impl Part {
    /// The variables of the part.
    pub(crate) fn variables(&self) -> &[String] {
        match self {
            Self::Literal(_) => &[],
            Self::Variable(name) | Self::Rest(name) => std::slice::from_ref(name),
            Self::Query(names) => names,
        }
    }
}

/// Takes a template apart.
pub(crate) fn parse(template: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = template;
    while !rest.is_empty() {
        if let Some((before, after)) = rest.split_once('{') {
            if !before.is_empty() {
                parts.push(literal(before)?);
            }
            let (inside, after) = after.split_once('}').ok_or("a `{` of the URI has no `}`")?;
            parts.push(expression(inside)?);
            rest = after;
        } else {
            parts.push(literal(rest)?);
            rest = "";
        }
    }
    let scheme = match parts.first() {
        Some(Part::Literal(first)) => first.split_once(':').map(|(scheme, _)| scheme),
        _ => None,
    };
    if !scheme.is_some_and(is_scheme) {
        return Err("a URI begins with a scheme, as in `docs://readme`".into());
    }
    for pair in parts.windows(2) {
        match pair {
            [Part::Variable(a) | Part::Rest(a), Part::Variable(b) | Part::Rest(b)] => {
                return Err(format!(
                    "nothing stands between `{{{a}}}` and `{{{b}}}`, so no one can say where one ends"
                ));
            }
            [Part::Query(_), _] => return Err("`{?…}` stands at the end of a URI".into()),
            _ => {}
        }
    }
    let names: Vec<_> = parts.iter().flat_map(Part::variables).collect();
    match names.iter().enumerate().find(|(at, name)| names.iter().take(*at).any(|before| before == *name)) {
        Some((_, name)) => Err(format!("the variable `{name}` stands in the URI twice")),
        None => Ok(parts),
    }
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

fn literal(text: &str) -> Result<Part, String> {
    if text.contains('}') {
        return Err("a `}` of the URI has no `{`".into());
    }
    match text.chars().find(|c| c.is_control() || c.is_whitespace() || "\"<>\\^`|".contains(*c)) {
        Some(illegal) => Err(format!("{illegal:?} cannot stand in a URI: write it percent-encoded")),
        None => Ok(Part::Literal(text.into())),
    }
}

fn expression(inside: &str) -> Result<Part, String> {
    let names = |list: &str| list.split(',').map(variable).collect::<Result<Vec<_>, _>>();
    if let Some(list) = inside.strip_prefix('?') {
        return names(list).map(Part::Query);
    }
    if let Some(name) = inside.strip_prefix('+') {
        return variable(name).map(Part::Rest);
    }
    if let Some(operator) = inside.chars().next().filter(|first| "#./;&=,!@|".contains(*first)) {
        return Err(format!(
            "`{{{operator}…}}` is not understood: use `{{name}}`, `{{+path}}`, or `{{?a,b}}` at the end"
        ));
    }
    variable(inside).map(Part::Variable)
}

fn variable(name: &str) -> Result<String, String> {
    let legal = !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if legal {
        return Ok(name.into());
    }
    Err(format!("`{name}` is not a variable: it has the name of an argument of the function"))
}
