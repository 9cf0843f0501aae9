//! The function that an attribute stands on: its signature is looked at, its body is not.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, GenericParam, Pat, ReturnType, Signature, Token, Type, Visibility};

use crate::conditional;
use crate::diag::Errors;
use crate::kind::Kind;

/// A function as it was written, without what only we understand.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: TokenStream,
    /// The attributes that were taken from each argument, in order.
    pub(crate) argument_attributes: Vec<Vec<Attribute>>,
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for attribute in &self.attributes {
            attribute.to_tokens(tokens);
        }
        self.visibility.to_tokens(tokens);
        self.signature.to_tokens(tokens);
        self.body.to_tokens(tokens);
    }
}

/// Reads a function, and refuses signatures that cannot be offered. `None` where it is no function at all.
pub(crate) fn parse(kind: Kind, item: TokenStream, errors: &mut Errors) -> Option<Function> {
    let parser = |input: ParseStream<'_>| {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility: Visibility = input.parse()?;
        if !is_function(&input.fork()) {
            let what = input.span();
            return Err(syn::Error::new(what, not_a_function(kind)));
        }
        let signature: Signature = input.parse()?;
        let body: TokenStream = input.parse()?;
        Ok(Function { attributes, visibility, signature, body, argument_attributes: Vec::new() })
    };
    match parser.parse2(item) {
        Ok(mut function) => {
            take_argument_attributes(&mut function, errors);
            refuse(kind, &function, errors);
            Some(function)
        }
        Err(error) => {
            errors.add(error);
            None
        }
    }
}

fn not_a_function(kind: Kind) -> String {
    format!("`#[mcp::{}]` stands on a function, as in `{}`", kind.name(), kind.example())
}

fn is_function(input: ParseStream<'_>) -> bool {
    // `const`, `async`, `unsafe` and `extern "C"` may come before `fn`.
    while !input.is_empty() {
        if input.peek(Token![fn]) {
            return true;
        }
        if input.peek(Token![const]) || input.peek(Token![async]) || input.peek(Token![unsafe]) {
            let _ = input.parse::<proc_macro2::TokenTree>();
        } else if input.peek(Token![extern]) {
            let _ = input.parse::<Option<syn::Abi>>();
        } else {
            return false;
        }
    }
    false
}

/// Doc comments and `#[arg]` on arguments are ours; rustc would refuse them.
fn take_argument_attributes(function: &mut Function, errors: &mut Errors) {
    for argument in &mut function.signature.inputs {
        let attributes = match argument {
            FnArg::Typed(typed) => &mut typed.attrs,
            FnArg::Receiver(receiver) => &mut receiver.attrs,
        };
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        for attribute in std::mem::take(attributes) {
            if !attribute.path().is_ident("cfg_attr") {
                let ours = attribute.path().is_ident("doc") || attribute.path().is_ident("arg");
                if ours {
                    taken.push(attribute)
                } else {
                    left.push(attribute)
                }
                continue;
            }
            for conditional in conditional::flatten(std::slice::from_ref(&attribute)) {
                let path = conditional.meta.path();
                if path.is_ident("arg") {
                    errors.on(
                        &conditional.meta,
                        "`#[arg(…)]` cannot depend on a condition: put `#[cfg(…)]` on two functions, or on two arguments",
                    );
                } else if path.is_ident("doc") {
                    taken.push(syn::parse_quote!(#conditional));
                } else {
                    left.push(syn::parse_quote!(#conditional));
                }
            }
        }
        *attributes = left;
        function.argument_attributes.push(taken);
    }
}

fn refuse(kind: Kind, function: &Function, errors: &mut Errors) {
    let signature = &function.signature;
    let (what, works) = (kind.name(), kind.signature());
    for parameter in &signature.generics.params {
        match parameter {
            GenericParam::Lifetime(lifetime) => errors.on(
                lifetime,
                format!("a {what} has no lifetimes of its own: write `&str` without one, as in `async fn first(text: &str) -> String`"),
            ),
            GenericParam::Type(_) | GenericParam::Const(_) => errors.on(
                parameter,
                format!("a {what} cannot be generic: its schema is that of one type; name the type, as in `{works}`"),
            ),
        }
    }
    if let (Some(clause), true) = (&signature.generics.where_clause, signature.generics.params.is_empty()) {
        errors.on(
            clause,
            format!("a {what} cannot have a `where` clause: its types are named, as in `{works}`"),
        );
    }
    if let syn::Safety::Unsafe(token) = &signature.safety {
        errors.on(token, format!("a {what} cannot be unsafe, because whoever calls it promises nothing: write `{works}`, with `unsafe {{ … }}` inside"));
    }
    if let Some(abi) = &signature.abi {
        errors.on(abi, format!("a {what} is an ordinary Rust function, as in `{works}`"));
    }
    if let Some(variadic) = &signature.variadic {
        errors.on(
            variadic,
            format!("a {what} has a fixed number of arguments: take a list, as in `numbers: Vec<i64>`"),
        );
    }
    for argument in &signature.inputs {
        match argument {
            FnArg::Receiver(receiver) => errors.on(
                receiver,
                format!(
                    "a {what} is a free function and has no `self`: take what it needs as `State<…>`, as in \
                     `async fn find(id: u32, db: mcp::State<Db>)`"
                ),
            ),
            FnArg::Typed(typed) => refuse_type(kind, &typed.ty, errors),
        }
    }
    if let ReturnType::Type(_, ty) = &signature.output
        && let Type::ImplTrait(_) = ungrouped(ty)
    {
        errors.on(
            ty,
            format!("a {what} names the type that it returns, as in `{works}`: `impl Trait` has no schema"),
        );
    }
}

fn refuse_type(kind: Kind, ty: &Type, errors: &mut Errors) {
    match ungrouped(ty) {
        Type::ImplTrait(found) => {
            errors.on(
                found,
                format!(
                    "a {} cannot be generic: name the type of the argument, as in `{}`",
                    kind.name(),
                    kind.signature()
                ),
            );
        }
        Type::Reference(found) if found.mutability.is_some() => {
            errors.on(
                found,
                "an argument is read, not changed: take the value, as in `mut text: String`, or `&T`",
            );
        }
        Type::Reference(found)
            if found.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static") =>
        {
            errors
                .on(found, "an argument does not live for ever: take the value, or `&T` without a lifetime");
        }
        _ => {}
    }
}

impl Function {
    /// The lines of its documentation, as far as they are literals.
    pub(crate) fn documentation(&self) -> impl Iterator<Item = &syn::LitStr> {
        self.attributes.iter().filter_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(line), .. }) => Some(line),
                _ => None,
            },
            _ => None,
        })
    }
}

/// A type without the invisible group that a `$t:ty` of somebody's macro puts around it.
pub(crate) fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        other => other,
    }
}

/// The name that a pattern binds, where it is a plain one.
pub(crate) fn binding(pattern: &Pat) -> Option<&syn::Ident> {
    match pattern {
        Pat::Ident(found) if found.subpat.is_none() && found.by_ref.is_none() => Some(&found.ident),
        _ => None,
    }
}

/// Where something stands, for names that must be found where the macro was called.
pub(crate) fn place(tokens: &impl Spanned) -> Span {
    Span::call_site().located_at(tokens.span())
}
