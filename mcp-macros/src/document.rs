//! Descriptions: doc comments, and what is written in their place.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Lit, LitStr, Meta};

use crate::conditional::{Conditional, flatten};
use crate::diag::Errors;
use crate::value::ungrouped;

/// A text, which may be one that only the compiler knows.
pub(crate) struct Text {
    pub(crate) tokens: TokenStream,
    /// What it says, where it was written as it is.
    pub(crate) literal: Option<String>,
    pub(crate) span: Span,
    /// Whether it stands behind `description =`.
    pub(crate) explicit: bool,
}

/// So many lines may depend on conditions: each doubles the number of texts.
const MOST_CONDITIONS: usize = 4;

impl Text {
    /// What stands behind `description =`.
    pub(crate) fn written(expression: &Expr) -> Self {
        let literal = text(expression);
        let tokens = expression.to_token_stream();
        Self { tokens, literal, span: expression.span(), explicit: true }
    }
}

/// A line of a doc comment.
type Line = (Option<TokenStream>, Expr);

/// The text of the doc comments: one leading space of each line is left out, everything else stays.
pub(crate) fn documentation(attributes: &[Attribute], errors: &mut Errors) -> Text {
    let lines = flatten(attributes).into_iter().filter_map(|Conditional { condition, meta }| match meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => Some((condition, pair.value)),
        _ => None,
    });
    let lines: Vec<Line> = lines.collect();
    let span = lines.first().map_or_else(Span::call_site, |(_, line)| line.span());
    let conditions = lines.iter().filter(|(condition, _)| condition.is_some()).count();
    if conditions > MOST_CONDITIONS {
        let message = format!("at most {MOST_CONDITIONS} lines of a description can depend on conditions");
        errors.at(span, message);
    }
    let literal = lines.iter().map(|(condition, line)| match condition {
        None => text(line),
        Some(_) => None,
    });
    if let Some(plain) = literal.collect::<Option<Vec<_>>>() {
        let plain =
            plain.iter().flat_map(|line| line.split('\n')).map(without_space).collect::<Vec<_>>().join("\n");
        let plain = plain.trim();
        let tokens = LitStr::new(plain, Span::call_site()).to_token_stream();
        return Text { tokens, literal: Some(plain.to_owned()), span, explicit: false };
    }
    // Something like `#[doc = include_str!("tool.md")]`: only the compiler knows the text.
    let tokens = if conditions > MOST_CONDITIONS { quote!("") } else { joined(&lines, &mut Vec::new()) };
    Text { tokens, literal: None, span, explicit: false }
}

/// One text for every way that the conditions can turn out.
fn joined<'a>(lines: &'a [Line], before: &mut Vec<&'a Expr>) -> TokenStream {
    let Some(((condition, line), rest)) = lines.split_first() else {
        let parts = before.iter().enumerate().map(|(at, line)| {
            let line = match text(line) {
                Some(text) => LitStr::new(without_space(&text), Span::call_site()).to_token_stream(),
                None => line.to_token_stream(),
            };
            if at == 0 { line } else { quote!("\n", #line) }
        });
        let parts: Vec<_> = parts.collect();
        return quote!(::core::concat!(#(#parts),*));
    };
    let without = condition.as_ref().map(|_| joined(rest, &mut before.clone()));
    before.push(line);
    let with = joined(rest, before);
    match (condition, without) {
        (Some(condition), Some(without)) => quote!(if ::core::cfg!(#condition) { #with } else { #without }),
        _ => with,
    }
}

/// The text of a literal.
fn text(expression: &Expr) -> Option<String> {
    match ungrouped(expression) {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn without_space(line: &str) -> &str {
    line.strip_prefix(' ').unwrap_or(line)
}
