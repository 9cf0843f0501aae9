//! What `#[arg(…)]` says, as tokens: a static for each argument that has more than a name and a type.
//!
//! Everything that can be wrong stands at what was written, so that the compiler reports it there.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use crate::attr::Key;
use crate::expand::located;
use crate::func::place;
use crate::literal::{Literal, literal};
use crate::model::{Argument, Definition};
use crate::range::{End, Range};
use crate::value::Schema;

/// What is held of all arguments that need it.
pub(crate) fn held(definition: &Definition, root: &TokenStream) -> Option<TokenStream> {
    let all = definition.arguments.iter().enumerate();
    let statics = all.filter(|(_, argument)| !argument.is_plain());
    let statics: Vec<_> = statics.map(|(at, argument)| one(at, argument, root)).collect();
    let headers: Vec<_> = definition.arguments.iter().filter_map(|argument| header(argument, root)).collect();
    // The shape of a type is an inherent constant, or else that of this trait.
    let probe = quote! {
        #[allow(unused_imports)]
        use #root::__private::Unshaped as _;
    };
    (!headers.is_empty() || !statics.is_empty()).then(|| quote!(#probe #(#headers)* #(#statics)*))
}

/// The headers that repeat arguments.
pub(crate) fn headers(definition: &Definition) -> Option<TokenStream> {
    let pairs = definition.arguments.iter().filter_map(|argument| {
        let ((name, _), header) = (argument.name.as_ref()?, argument.attributes.text(Key::Header)?);
        let conditions = &argument.conditions;
        Some(quote!(#(#conditions)* (#name, #header)))
    });
    let pairs: Vec<_> = pairs.collect();
    (!pairs.is_empty()).then(|| quote!(.headers(&[#(#pairs),*])))
}

/// Whether the argument can be repeated in a header.
fn header(argument: &Argument, root: &TokenStream) -> Option<TokenStream> {
    let header = argument.attributes.text(Key::Header)?;
    let conditions = &argument.conditions;
    let shape = shape(argument, root, header.span());
    let root = located(root, header.span());
    Some(quote_spanned!(place(header)=> #(#conditions)* const _: () = #root::__private::header(#shape);))
}

/// Asks for an argument of which something is held.
pub(crate) fn read(at: usize, argument: &Argument, call: &Ident) -> TokenStream {
    let (name, ty) = (name(at), &argument.ty);
    let ask = if argument.attributes.schema().is_some() { "foreign" } else { "field" };
    let ask = format_ident!("{ask}", span = place(ty));
    quote_spanned!(place(ty)=> #call.#ask::<#ty>(&#name))
}

fn name(at: usize) -> Ident {
    format_ident!("__ARGUMENT_{at}", span = Span::mixed_site())
}

fn one(at: usize, argument: &Argument, root: &TokenStream) -> TokenStream {
    let Argument { ty, conditions, attributes, .. } = argument;
    let held = name(at);
    let name = argument.name.as_ref().map(|(name, _)| name);
    let description = &argument.description.tokens;
    let rules = rules(argument, root);
    let default = default(argument, root).map(|default| quote!(.default(#default)));
    let examples: Vec<_> =
        attributes.expressions(Key::Example).map(|written| sample(argument, written, root)).collect();
    let count = examples.len();
    // A static of their own: an error in it is not reported again where it is used.
    let examples = (count > 0).then(|| {
        quote!(.examples({
            static __EXAMPLES: [#root::__private::Sample<#ty>; #count] = [#(#examples),*];
            &__EXAMPLES
        }))
    });
    let schema =
        attributes.schema().map(|written| schema(written, root)).map(|found| quote!(.schema(#found)));
    let secret = (attributes.flag(Key::Secret) == Some(true)).then(|| quote!(.secret()));
    quote! {
        #(#conditions)*
        static #held: #root::__private::Arg<#ty> =
            #root::__private::Arg::<#ty>::new(#name, #description) #(.rule(#rules))* #default #examples #schema #secret;
    }
}

/// What is known of the type while compiling; of a type with another's schema nothing is.
fn shape(argument: &Argument, root: &TokenStream, span: Span) -> TokenStream {
    let (root, ty) = (located(root, span), &argument.ty);
    let at = Span::call_site().located_at(span);
    match argument.attributes.schema() {
        Some(Schema::Type(other)) => quote_spanned!(at=> <#root::__private::Probe<#other>>::SHAPE),
        Some(_) => quote_spanned!(at=> #root::__private::Shape::Unknown),
        None => quote_spanned!(at=> <#root::__private::Probe<#ty>>::SHAPE),
    }
}

fn rules(argument: &Argument, root: &TokenStream) -> Vec<TokenStream> {
    let keys = &argument.attributes;
    let mut rules = Vec::new();
    // Reported at the key: what is wrong is that it stands here.
    let mut rule = |key: Key, values: TokenStream| {
        let Some(ident) = keys.ident(key) else { return };
        let (root, shape) = (located(root, ident.span()), shape(argument, root, ident.span()));
        let name = format_ident!("{ident}", span = place(ident));
        rules.push(quote_spanned!(place(ident)=> #root::__private::#name(#shape, #values)));
    };
    if let Some(range) = keys.range(Key::Range) {
        let (low, high) =
            (bound(range.low.as_ref(), true, root), bound(range.high.as_ref(), range.closed, root));
        rule(Key::Range, quote!(#low, #high));
    }
    if let Some(range) = keys.range(Key::Length) {
        let (least, most) = lengths(range, root);
        rule(Key::Length, quote!(#least, #most));
    }
    if let Some(pattern) = keys.text(Key::Pattern) {
        rule(Key::Pattern, quote!(#pattern));
    }
    rules
}

fn bound(end: Option<&End>, closed: bool, root: &TokenStream) -> TokenStream {
    let bound = quote!(#root::__private::Bound);
    let Some(End { written, literal }) = end else { return quote!(#bound::Open) };
    let number = match literal {
        Some(literal) => {
            let literal = value(literal, root);
            quote!(#root::__private::Number::Written(#literal))
        }
        None => {
            quote_spanned!(place(written)=> #root::__private::Number::Made(|| #root::__private::number(#written)))
        }
    };
    if closed { quote!(#bound::Included(#number)) } else { quote!(#bound::Excluded(#number)) }
}

fn lengths(range: &Range, root: &TokenStream) -> (TokenStream, TokenStream) {
    let least = range.low.as_ref().map_or_else(|| quote!(0), |end| end.written.to_token_stream());
    let most = match &range.high {
        None => quote!(::core::option::Option::None),
        Some(End { written, .. }) if range.closed => quote!(::core::option::Option::Some(#written)),
        Some(End { written, .. }) => {
            let root = located(root, written.span());
            let before = quote_spanned!(place(written)=> #root::__private::before(#written));
            quote!(::core::option::Option::Some(#before))
        }
    };
    (least, most)
}

fn default(argument: &Argument, root: &TokenStream) -> Option<TokenStream> {
    if let Some(written) = argument.attributes.expression(Key::Default) {
        return Some(sample(argument, written, root));
    }
    let ident = argument.attributes.ident(Key::Default)?;
    (argument.attributes.flag(Key::Default) == Some(true)).then(|| {
        let (ty, root) = (&argument.ty, located(root, ident.span()));
        quote_spanned!(place(ident)=> #root::__private::standard::<#ty>())
    })
}

/// A default or an example.
fn sample(argument: &Argument, written: &Expr, root: &TokenStream) -> TokenStream {
    let (ty, at) = (&argument.ty, place(written));
    let root_there = located(root, written.span());
    match literal(written) {
        Ok(Some(found)) => {
            let (shape, literal) = (shape(argument, root, written.span()), value(&found, root));
            quote_spanned!(at=> #root_there::__private::written::<#ty>(#shape, #literal))
        }
        _ => quote_spanned!(at=> #root_there::__private::made::<#ty>(|| #written)),
    }
}

fn value(literal: &Literal, root: &TokenStream) -> TokenStream {
    let variant = match literal {
        Literal::Boolean(value) => quote!(Boolean(#value)),
        Literal::Integer(value) => {
            let value = proc_macro2::Literal::i128_unsuffixed(*value);
            quote!(Integer(#value))
        }
        Literal::Float(value) => quote!(Float(#value)),
        Literal::Text(value) => quote!(Text(#value)),
        Literal::List(_) => {
            let json = literal.to_json();
            quote!(List(#json))
        }
    };
    quote!(#root::__private::Literal::#variant)
}

fn schema(written: &Schema, root: &TokenStream) -> TokenStream {
    match written {
        Schema::Type(ty) => {
            let root = located(root, ty.span());
            quote_spanned!(place(ty)=> #root::__private::schema_of::<#ty>)
        }
        Schema::Closure(closure) => closure.to_token_stream(),
        Schema::Expression(expression) => quote_spanned!(place(expression)=> |_| #expression),
    }
}
