//! `#[deprecated]` on a function: clients are told, too.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token};

use crate::conditional::flatten;

/// The line that says it, as an `Option` of a text; `None` where the function is not deprecated.
pub(crate) fn deprecated(attributes: &[Attribute]) -> Option<TokenStream> {
    let found =
        flatten(attributes).into_iter().find(|attribute| attribute.meta.path().is_ident("deprecated"))?;
    let line = line(&found.meta);
    Some(match found.condition {
        None => quote!(::core::option::Option::Some(#line)),
        Some(condition) => quote! {
            if ::core::cfg!(#condition) {
                ::core::option::Option::Some(#line)
            } else {
                ::core::option::Option::None
            }
        },
    })
}

/// `Deprecated since 2.0: use add`. What is wrong with the attribute says the compiler.
fn line(meta: &Meta) -> TokenStream {
    let (mut since, mut note) = (None, None);
    match meta {
        Meta::Path(_) => {}
        Meta::NameValue(pair) => note = text(&pair.value),
        Meta::List(list) => {
            let parser = syn::punctuated::Punctuated::<syn::MetaNameValue, Token![,]>::parse_terminated;
            for pair in list.parse_args_with(parser).unwrap_or_default() {
                if pair.path.is_ident("since") {
                    since = text(&pair.value);
                } else if pair.path.is_ident("note") {
                    note = text(&pair.value);
                }
            }
        }
    }
    let since = since.map(|version| format!(" since {version}")).unwrap_or_default();
    let note = note.map(|note| format!(": {note}")).unwrap_or_default();
    format!("Deprecated{since}{note}").to_token_stream()
}

fn text(expression: &Expr) -> Option<String> {
    match crate::value::ungrouped(expression) {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}
