//! What was found in an attribute and a signature, put together.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, FnArg, Ident, LitStr, Meta, Path, ReturnType, Type};

use crate::attr::{self, Attributes, Key};
use crate::diag::Errors;
use crate::func::{Function, binding, place, ungrouped};
use crate::kind::Kind;
use crate::uri::{self, Part};

/// A function that is to be offered.
pub(crate) struct Definition {
    pub(crate) kind: Kind,
    pub(crate) attributes: Attributes,
    pub(crate) function: Function,
    /// The name that clients use, and where it was written.
    pub(crate) name: (String, Span),
    pub(crate) description: TokenStream,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) returns: Type,
    pub(crate) uri: Vec<Part>,
}

/// An argument of the function.
pub(crate) struct Argument {
    /// The name that callers use; none where the pattern is not a plain name.
    pub(crate) name: Option<(String, Span)>,
    /// The type that is read; the function may be lent a reference to it.
    pub(crate) ty: Type,
    pub(crate) lent: bool,
    pub(crate) description: TokenStream,
    /// What `#[arg(…)]` says of it.
    pub(crate) attributes: Attributes,
}

impl Definition {
    pub(crate) fn new(kind: Kind, attributes: Attributes, function: Function, errors: &mut Errors) -> Self {
        let ident = &function.signature.ident;
        let name = match attributes.text(Key::Name) {
            Some(name) => (name.value(), name.span()),
            None => (ident.unraw().to_string(), ident.span()),
        };
        let description = match attributes.text(Key::Description) {
            Some(text) => text.to_token_stream(),
            None => documentation(&function.attributes),
        };
        let uri = match &attributes.uri {
            Some(written) => uri::parse(&written.value()).unwrap_or_else(|problem| {
                errors.on(written, problem);
                Vec::new()
            }),
            None => Vec::new(),
        };
        let typed = function.signature.inputs.iter().zip(&function.argument_attributes);
        let arguments = typed.filter_map(|(argument, taken)| match argument {
            FnArg::Typed(typed) => Some(Argument::new(kind, typed, taken, errors)),
            FnArg::Receiver(_) => None,
        });
        let arguments = arguments.collect();
        let returns = match &function.signature.output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, ty) => (**ty).clone(),
        };
        Self { kind, attributes, name, description, arguments, returns, uri, function }
    }

    pub(crate) fn ident(&self) -> &Ident {
        &self.function.signature.ident
    }

    /// Where the framework is.
    pub(crate) fn root(&self) -> TokenStream {
        self.attributes.path(Key::Crate).map_or_else(|| quote!(::mcp), Path::to_token_stream)
    }

    /// Everything that is published of it, as it was written.
    pub(crate) fn texts(&self) -> impl Iterator<Item = TokenStream> {
        let named = [Key::Name, Key::Title].into_iter().filter_map(|key| self.attributes.text(key));
        let named = named.chain(&self.attributes.uri).map(ToTokens::to_token_stream);
        let arguments = self.arguments.iter().map(|argument| argument.description.clone());
        named.chain([self.description.clone()]).chain(arguments)
    }

    /// The variables of the URI.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> + Clone {
        self.uri.iter().flat_map(Part::variables).map(String::as_str)
    }

    /// The attributes that say whether the function exists at all.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Attribute> {
        self.function.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"))
    }
}

impl Argument {
    fn new(kind: Kind, typed: &syn::PatType, taken: &[Attribute], errors: &mut Errors) -> Self {
        let attributes = attr::parse_argument(kind, taken, errors);
        let name = binding(&typed.pat).map(|ident| (ident.unraw().to_string(), ident.span()));
        let (ty, lent) = match ungrouped(&typed.ty) {
            Type::Reference(reference) => (owned(&reference.elem), true),
            _ => ((*typed.ty).clone(), false),
        };
        Self { name, ty, lent, description: documentation(taken), attributes }
    }
}

/// What is read so that `&T` can be lent.
fn owned(lent: &Type) -> Type {
    let span = lent.span();
    match ungrouped(lent) {
        Type::Path(path) if path.path.is_ident("str") => {
            syn::parse_quote_spanned!(span=> ::std::string::String)
        }
        Type::Slice(slice) => {
            let element = &slice.elem;
            syn::parse_quote_spanned!(span=> ::std::vec::Vec<#element>)
        }
        other => other.clone(),
    }
}

/// The text of the doc comments: one leading space of each line is left out, everything else stays.
fn documentation(attributes: &[Attribute]) -> TokenStream {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => Some(&pair.value),
        _ => None,
    });
    let text = |expression: &Expr| match expression {
        Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    };
    let lines: Vec<&Expr> = lines.collect();
    // What is wrong with the text is said where it begins.
    let span = lines.first().map_or_else(Span::call_site, place);
    if let Some(plain) = lines.iter().map(|line| text(line)).collect::<Option<Vec<_>>>() {
        let plain =
            plain.iter().flat_map(|line| line.split('\n')).map(without_space).collect::<Vec<_>>().join("\n");
        return LitStr::new(plain.trim(), span).to_token_stream();
    }
    // Something like `#[doc = include_str!("tool.md")]`: only the compiler knows the text.
    let parts = lines.iter().map(|line| match text(line) {
        Some(text) => LitStr::new(without_space(&text), Span::call_site()).to_token_stream(),
        None => line.to_token_stream(),
    });
    let parts: Vec<_> = parts.collect();
    quote_spanned!(span=> ::core::concat!(#(#parts),*))
}

fn without_space(line: &str) -> &str {
    line.strip_prefix(' ').unwrap_or(line)
}
