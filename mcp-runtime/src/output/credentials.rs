//! What looks like nothing else than a credential: forms whose issuers gave them a prefix so that they can be found.
//!
//! It knows forms, not values. A form is in the list only where nothing else looks like it.

/// What a credential is, and where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Credential {
    pub(super) what: &'static str,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A byte that every credential has near its beginning.
pub(super) const fn is_hint(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b'A' | b'J')
}

/// A prefix, the hint in it, and what follows.
struct Form {
    what: &'static str,
    prefix: &'static str,
    /// Where the hint stands in the prefix.
    hint: usize,
    /// So many characters follow at least.
    least: usize,
    most: usize,
    /// Whether `-` and `_` may be among them.
    dashes: bool,
    /// Whether capitals and digits must be among them, because words could stand there too.
    mixed: bool,
}

const fn form(what: &'static str, prefix: &'static str, hint: usize, least: usize) -> Form {
    Form { what, prefix, hint, least, most: 512, dashes: false, mixed: false }
}

const fn dashed(form: Form) -> Form {
    Form { dashes: true, ..form }
}

const fn mixed(form: Form) -> Form {
    Form { mixed: true, ..form }
}

const fn exactly(form: Form) -> Form {
    Form { most: form.least, ..form }
}

const FORMS: &[Form] = &[
    form("GitHub token", "ghp_", 3, 36),
    form("GitHub token", "gho_", 3, 36),
    form("GitHub token", "ghu_", 3, 36),
    form("GitHub token", "ghs_", 3, 36),
    form("GitHub token", "ghr_", 3, 36),
    dashed(form("GitHub token", "github_pat_", 6, 40)),
    dashed(form("GitLab token", "glpat-", 5, 20)),
    mixed(dashed(form("API key", "sk-", 2, 32))),
    form("Stripe key", "sk_live_", 2, 16),
    form("Stripe key", "rk_live_", 2, 16),
    mixed(dashed(form("Slack token", "xoxb-", 4, 20))),
    mixed(dashed(form("Slack token", "xoxp-", 4, 20))),
    mixed(dashed(form("Slack token", "xoxa-", 4, 20))),
    mixed(dashed(form("Slack token", "xoxs-", 4, 20))),
    exactly(form("npm token", "npm_", 3, 36)),
    exactly(form("Hugging Face token", "hf_", 2, 34)),
    exactly(mixed(dashed(form("Google API key", "AIza", 0, 35)))),
    exactly(mixed(form("AWS access key", "AKIA", 0, 16))),
    exactly(mixed(form("AWS access key", "ASIA", 0, 16))),
];

/// The credential whose hint stands at a place, if one does.
pub(super) fn at(bytes: &[u8], at: usize) -> Option<Credential> {
    match bytes[at] {
        b'J' => token(bytes, at),
        b'-' if bytes[at..].starts_with(b"-----BEGIN ") => private_key(bytes, at),
        byte => FORMS
            .iter()
            .filter(|form| form.prefix.as_bytes()[form.hint] == byte)
            .find_map(|form| of(form, bytes, at)),
    }
}

fn of(form: &Form, bytes: &[u8], at: usize) -> Option<Credential> {
    let start = at.checked_sub(form.hint).filter(|start| begins(bytes, *start, form.dashes))?;
    let rest = bytes[start..].strip_prefix(form.prefix.as_bytes())?;
    let upper = form.what == "AWS access key";
    let belongs = |byte: &&u8| match byte {
        b'-' | b'_' => form.dashes,
        byte if upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        byte => byte.is_ascii_alphanumeric(),
    };
    // Whatever is longer is none, and need not be looked through.
    let length = rest.iter().take(form.most + 1).take_while(belongs).count();
    let goes_on = rest.get(length).is_some_and(|byte| byte.is_ascii_alphanumeric());
    let said = &rest[..length];
    let is_mixed = said.iter().any(u8::is_ascii_digit) && said.iter().any(u8::is_ascii_uppercase);
    let fits = (form.least..=form.most).contains(&length)
        && !goes_on
        && (!form.mixed || is_mixed || form.what == "Slack token");
    fits.then(|| Credential { what: form.what, start, end: start + form.prefix.len() + length })
}

/// Whether no word is under way, nor anything else that a credential with dashes is made of: what is looked through for one is not
/// looked through again.
fn begins(bytes: &[u8], start: usize, dashes: bool) -> bool {
    let before = start.checked_sub(1).map(|before| bytes[before]);
    before.is_none_or(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_' || dashes && byte == b'-'))
}

/// A JSON Web Token: two JSON objects in base64 and a signature.
fn token(bytes: &[u8], at: usize) -> Option<Credential> {
    let start = at
        .checked_sub(2)
        .filter(|start| bytes[*start..].starts_with(b"eyJ") && begins(bytes, *start, true))?;
    /// So long a part is at most.
    const LONGEST: usize = 4096;
    let part = |from: usize, least: usize| {
        let rest = bytes.get(from..)?;
        let length = rest
            .iter()
            .take(LONGEST)
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
            .count();
        (length >= least).then_some(from + length)
    };
    let header = part(start, 12).filter(|end| bytes[*end..].starts_with(b".eyJ"))?;
    let claims = part(header + 1, 12).filter(|end| bytes[*end..].starts_with(b"."))?;
    part(claims + 1, 20).map(|end| Credential { what: "JSON Web Token", start, end })
}

/// A private key in PEM, to its end or as far as it goes.
fn private_key(bytes: &[u8], start: usize) -> Option<Credential> {
    /// What comes before it is the kind of the key.
    const LONGEST: usize = 48;
    /// A header without a key is none.
    const SHORTEST: usize = 16;
    let label = start + b"-----BEGIN ".len();
    let head = &bytes[label..bytes.len().min(label + LONGEST)];
    let length = memchr::memmem::find(head, b"-----")?;
    let label = &head[..length];
    if !(label.ends_with(b"PRIVATE KEY") || label.ends_with(b"PRIVATE KEY BLOCK")) {
        return None;
    }
    let body = start + b"-----BEGIN -----".len() + length;
    // Some keys have headers of their own, with names and commas.
    let inside = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/=-:,. \n\r\t".contains(byte);
    let tail = [b"-----END ", label, b"-----"].concat();
    // There are no such dashes inside of a key.
    if let Some(at) = memchr::memmem::find(&bytes[body..], b"-----").map(|at| body + at)
        && bytes[at..].starts_with(&tail)
        && bytes[body..at].iter().all(|byte| inside(&byte))
    {
        return Some(Credential { what: "private key", start, end: at + tail.len() });
    }
    let base64 = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/=\n\r".contains(byte);
    let length = bytes[body..].iter().take_while(base64).count();
    (length >= SHORTEST).then_some(Credential { what: "private key", start, end: body + length })
}
