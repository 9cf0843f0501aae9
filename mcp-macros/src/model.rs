//! What was found in an attribute and a signature, put together.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, Ident, Path, ReturnType, Type};

use crate::attr::{self, Key};
use crate::attributes::Attributes;
use crate::conditional::{self, Conditional};
use crate::deprecated;
use crate::diag::Errors;
use crate::document::{self, Text};
use crate::func::{Function, binding, ungrouped};
use crate::kind::Kind;
use crate::uri::{self, Part};

/// A function that is to be offered.
pub(crate) struct Definition {
    pub(crate) kind: Kind,
    pub(crate) attributes: Attributes,
    pub(crate) function: Function,
    /// The name that clients use, and where it was written.
    pub(crate) name: (String, Span),
    pub(crate) description: Text,
    /// What is said of a function that should be called no longer.
    pub(crate) deprecated: Option<TokenStream>,
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
    pub(crate) description: Text,
    /// Whether the argument exists at all.
    pub(crate) conditions: Vec<Attribute>,
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
        let description = describe(&attributes, &function.attributes, errors);
        let deprecated = deprecated::deprecated(&function.attributes);
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
        let mut arguments: Vec<_> = arguments.collect();
        // `_name` only keeps the compiler quiet; callers need not see that the body makes nothing of it.
        for argument in &mut arguments {
            argument.without_underscore(&uri);
        }
        let returns = match &function.signature.output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, ty) => (**ty).clone(),
        };
        Self { kind, attributes, name, description, deprecated, arguments, returns, uri, function }
    }

    pub(crate) fn ident(&self) -> &Ident {
        &self.function.signature.ident
    }

    /// Where the framework is.
    pub(crate) fn root(&self) -> TokenStream {
        self.attributes.path(Key::Crate).map_or_else(|| quote!(::mcp), Path::to_token_stream)
    }

    /// The variables of the URI.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> + Clone {
        self.uri.iter().flat_map(Part::variables).map(String::as_str)
    }

    /// The attributes that say whether the function exists at all.
    pub(crate) fn conditions(&self) -> Vec<Conditional> {
        let mut found = conditional::flatten(&self.function.attributes);
        found.retain(|attribute| attribute.meta.path().is_ident("cfg"));
        found
    }
}

impl Argument {
    fn new(kind: Kind, typed: &syn::PatType, taken: &[Attribute], errors: &mut Errors) -> Self {
        let attributes = attr::parse_argument(kind, taken, errors);
        let bound = binding(&typed.pat).map(|ident| (ident.unraw().to_string(), ident.span()));
        let renamed = attributes.text(Key::Rename).map(|name| (name.value(), name.span()));
        let (ty, lent) = match ungrouped(&typed.ty) {
            Type::Reference(reference) => (owned(&reference.elem), true),
            _ => ((*typed.ty).clone(), false),
        };
        let description = describe(&attributes, taken, errors);
        let conditions = typed.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned();
        let conditions = conditions.collect();
        Self { name: renamed.or(bound), ty, lent, description, conditions, attributes }
    }

    fn without_underscore(&mut self, uri: &[Part]) {
        if self.attributes.text(Key::Rename).is_some() {
            return;
        }
        let Some((name, _)) = &mut self.name else { return };
        let is_variable = uri.iter().flat_map(Part::variables).any(|variable| variable == name);
        let bare = name.trim_start_matches('_');
        if !is_variable && !bare.is_empty() {
            *name = bare.to_owned();
        }
    }

    /// Whether `#[arg(…)]` says more of it than its name, its completion and its header.
    pub(crate) fn is_plain(&self) -> bool {
        self.attributes.first(OWN).is_none()
    }
}

/// The keys that only an argument can have which the caller gives.
pub(crate) const OWN: &[Key] = &[
    Key::Default,
    Key::Range,
    Key::Length,
    Key::Pattern,
    Key::Example,
    Key::Rename,
    Key::Description,
    Key::Schema,
    Key::Secret,
];

/// The description that was written, or else the doc comment.
fn describe(attributes: &Attributes, documented: &[Attribute], errors: &mut Errors) -> Text {
    match attributes.expression(Key::Description) {
        Some(written) => Text::written(written),
        None => document::documentation(documented, errors),
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
