//! Attributes that hold only under a condition: `#[cfg_attr(condition, attribute)]`. Which do, only the compiler knows.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

/// An attribute, and when it holds.
pub(crate) struct Conditional {
    /// What stands in `cfg(…)`; none where it always holds.
    pub(crate) condition: Option<TokenStream>,
    pub(crate) meta: Meta,
}

impl ToTokens for Conditional {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let meta = &self.meta;
        tokens.extend(match &self.condition {
            Some(condition) => quote!(#[cfg_attr(#condition, #meta)]),
            None => quote!(#[#meta]),
        });
    }
}

/// Takes `cfg_attr`s apart.
pub(crate) fn flatten(attributes: &[Attribute]) -> Vec<Conditional> {
    let mut found = Vec::new();
    for attribute in attributes {
        add(attribute.meta.clone(), None, &mut found);
    }
    found
}

fn add(meta: Meta, condition: Option<TokenStream>, found: &mut Vec<Conditional>) {
    if let Meta::List(list) = &meta
        && list.path.is_ident("cfg_attr")
        && let Ok(inner) = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
    {
        let mut inner = inner.into_iter();
        let Some(own) = inner.next() else { return };
        let condition = match condition {
            Some(outer) => quote!(all(#outer, #own)),
            None => own.to_token_stream(),
        };
        inner.for_each(|meta| add(meta, Some(condition.clone()), found));
    } else {
        found.push(Conditional { condition, meta });
    }
}
