//! An object of JSON that is written in an attribute: Rust's tokens, which are nearly those of JSON.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{Lit, LitStr};

/// The text of a JSON object, and its names with their places.
pub(crate) struct Object {
    pub(crate) text: String,
    pub(crate) names: Vec<LitStr>,
}

/// Reads `{ "name": value, … }`.
pub(crate) fn object(group: &Group) -> syn::Result<Object> {
    let mut object = Object { text: String::new(), names: Vec::new() };
    members(group, &mut object.text, &mut object.names)?;
    Ok(object)
}

const WANTED: &str = "JSON is wanted here: a text, a number, true, false, null, `[…]` or `{ \"name\": … }`";

fn members(group: &Group, text: &mut String, names: &mut Vec<LitStr>) -> syn::Result<()> {
    text.push('{');
    for (at, member) in split(group.stream()).iter().enumerate() {
        let [name, TokenTree::Punct(colon), value @ ..] = member.as_slice() else {
            return Err(wrong(member, group));
        };
        let Ok(name) = syn::parse2::<LitStr>(name.clone().into()) else { return Err(wrong(member, group)) };
        if colon.as_char() != ':' {
            return Err(wrong(member, group));
        }
        if names.iter().any(|seen| seen.value() == name.value()) {
            return Err(syn::Error::new(name.span(), format!("{:?} stands here twice", name.value())));
        }
        if at > 0 {
            text.push(',');
        }
        string(&name.value(), text);
        text.push(':');
        json(value, group, text)?;
        names.push(name);
    }
    text.push('}');
    Ok(())
}

fn json(tokens: &[TokenTree], around: &Group, text: &mut String) -> syn::Result<()> {
    match tokens {
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Brace => {
            members(group, text, &mut Vec::new())?
        }
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Bracket => {
            text.push('[');
            for (at, item) in split(group.stream()).iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                json(item, group, text)?;
            }
            text.push(']');
        }
        [TokenTree::Ident(word)] if ["true", "false", "null"].contains(&word.to_string().as_str()) => {
            text.push_str(&word.to_string());
        }
        [TokenTree::Literal(_)] => literal(tokens, around, text)?,
        [TokenTree::Punct(minus), number @ TokenTree::Literal(_)] if minus.as_char() == '-' => {
            text.push('-');
            literal(std::slice::from_ref(number), around, text)?;
        }
        _ => return Err(wrong(tokens, around)),
    }
    Ok(())
}

fn literal(tokens: &[TokenTree], around: &Group, text: &mut String) -> syn::Result<()> {
    match syn::parse2::<Lit>(tokens.iter().cloned().collect()) {
        Ok(Lit::Str(value)) => string(&value.value(), text),
        Ok(Lit::Int(value)) if value.suffix().is_empty() => text.push_str(value.base10_digits()),
        Ok(Lit::Float(value)) if value.suffix().is_empty() && !value.base10_digits().ends_with('.') => {
            text.push_str(value.base10_digits());
        }
        _ => return Err(wrong(tokens, around)),
    }
    Ok(())
}

/// A text as JSON.
pub(crate) fn text(value: &str) -> String {
    let mut text = String::new();
    string(value, &mut text);
    text
}

fn string(value: &str, text: &mut String) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            c if c < ' ' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
}

/// What stands between commas; one comma may stand at the end.
fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut parts = vec![Vec::new()];
    for token in tokens {
        match (&token, parts.last_mut()) {
            (TokenTree::Punct(comma), _) if comma.as_char() == ',' => parts.push(Vec::new()),
            (_, Some(part)) => part.push(token),
            (_, None) => {}
        }
    }
    if parts.last().is_some_and(Vec::is_empty) {
        parts.pop();
    }
    parts
}

fn wrong(tokens: &[TokenTree], around: &Group) -> syn::Error {
    match tokens.is_empty() {
        true => syn::Error::new(around.span(), WANTED),
        false => syn::Error::new_spanned(tokens.iter().cloned().collect::<TokenStream>(), WANTED),
    }
}
