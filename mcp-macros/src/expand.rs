//! From a definition without faults to tokens. Everything that can fail because of a type stands at that type.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::argument;
use crate::attr::Key;
use crate::check::fraction;
use crate::document::Text;
use crate::func::place;
use crate::kind::Kind;
use crate::model::{Argument, Definition};
use crate::policy;
use crate::uri::Part;

pub(crate) fn expand(definition: &Definition) -> TokenStream {
    let function = &definition.function;
    let ident = definition.ident();
    let conditions = definition.conditions();
    let root = definition.root();
    let registered = registered(definition.kind);
    let named = named(definition);
    let constant = constant(definition, &root);
    let arguments = argument::held(definition, &root);
    let texts = texts(definition, &root);
    let deprecated = definition.deprecated.as_ref().map(|_| quote!(#[allow(deprecated)]));
    quote! {
        // Every argument of a tool is one of its schema, so there are as many as the tool needs; `async` says that the
        // function delays nobody, also where it waits for nothing.
        #[allow(clippy::too_many_arguments, clippy::unused_async)]
        #function

        #named

        #(#conditions)*
        #deprecated
        const _: () = {
            #arguments
            impl #root::__private::#registered for #ident {
                const DEFINITION: #root::__private::Definition = #constant;
            }
            #root::__private::inventory::submit! {
                <#ident as #root::__private::#registered>::DEFINITION
            }
            #texts
        };
    }
}

/// The trait of what was named, `.tool::<add>()`.
pub(crate) fn registered(kind: Kind) -> TokenStream {
    match kind {
        Kind::Tool => quote!(ToolFn),
        Kind::Resource => quote!(ResourceFn),
        Kind::Prompt => quote!(PromptFn),
    }
}

/// A type of the function's name, so that the function can be named where types are.
pub(crate) fn named(definition: &Definition) -> TokenStream {
    let (ident, visibility) = (definition.ident(), &definition.function.visibility);
    let conditions = definition.conditions();
    quote! {
        #(#conditions)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code, missing_debug_implementations)]
        #visibility enum #ident {}
    }
}

/// Where the function stands.
pub(crate) fn source(ident: &Ident, root: &TokenStream) -> TokenStream {
    let function = ident.to_string();
    quote! {
        #root::__private::Source {
            module: ::core::module_path!(),
            file: ::core::file!(),
            line: ::core::line!(),
            function: #function,
        }
    }
}

/// The constant that says everything about the function.
fn constant(definition: &Definition, root: &TokenStream) -> TokenStream {
    let name = &definition.name.0;
    let run = run(definition, root);
    let source = source(definition.ident(), root);
    let start = match definition.kind {
        Kind::Tool => quote!(#root::__private::Definition::tool(#name, #source, #run)),
        Kind::Prompt => quote!(#root::__private::Definition::prompt(#name, #source, #run)),
        Kind::Resource => {
            let uri = &definition.attributes.uri;
            let segments = definition.uri.iter().map(|part| segment(part, root));
            quote!(#root::__private::Definition::resource(#name, #uri, &[#(#segments),*], #source, #run))
        }
    };
    let description = &definition.description.tokens;
    let deprecated = definition.deprecated.as_ref().map(|line| quote!(.deprecated(#line)));
    let title = definition.attributes.text(Key::Title).map(|title| quote!(.title(#title)));
    let mime = definition.attributes.text(Key::Mime).map(|mime| quote!(.mime(#mime)));
    let size = definition.attributes.number(Key::Size).map(|size| quote!(.size(#size)));
    let annotations = annotations(definition, root);
    let completions = completions(definition, root);
    let headers = argument::headers(definition);
    let audience: Vec<_> =
        definition.attributes.texts(Key::Audience).map(|role| audience(role, root)).collect();
    let audience = (!audience.is_empty()).then(|| quote!(.audience(&[#(#audience),*])));
    let priority = definition.attributes.fraction(Key::Priority).and_then(fraction);
    let priority = priority.map(|value| quote!(.priority(#value)));
    let ttl = definition.attributes.number(Key::Ttl).map(|seconds| quote!(.ttl(#seconds)));
    let public = definition.attributes.flag(Key::Public).map(|public| quote!(.public(#public)));
    let icons: Vec<_> = definition.attributes.texts(Key::Icon).collect();
    let icons = (!icons.is_empty()).then(|| quote!(.icons(&[#(#icons),*])));
    let meta = definition.attributes.json(Key::Meta).map(|object| &object.text);
    let meta = meta.map(|json| quote!(.meta(#json)));
    let task = definition.attributes.words(Key::Task).map(|words| {
        let said = |word: &str| words.iter().any(|written| written == word);
        let (deferred, required) = (said("deferred"), said("required"));
        quote!(.task(#root::__private::TaskPolicy { deferred: #deferred, required: #required }))
    });
    let strict = definition.attributes.flag(Key::Strict).map(|strict| quote!(.strict(#strict)));
    let scopes = definition.attributes.listed(Key::Scopes);
    let scopes = (!scopes.is_empty()).then(|| quote!(.scopes(&[#(#scopes),*])));
    let tags = definition.attributes.listed(Key::Tags);
    let tags = (!tags.is_empty()).then(|| quote!(.tags(&[#(#tags),*])));
    let app = definition.attributes.text(Key::App).map(|uri| quote!(.app(#uri)));
    let policies = policy::expand(definition);
    quote! {
        #start.description(#description)
            #deprecated #title #mime #size #audience #priority #ttl #public #annotations #icons #meta #app #task #scopes #tags #policies #strict #completions #headers
    }
}

/// Holds the descriptions that only the compiler knows, such as what a `concat!` or an `include_str!` says, against the rules
/// for texts. What is written as it is has been looked at already.
fn texts(definition: &Definition, root: &TokenStream) -> Option<TokenStream> {
    let function = std::iter::once((&definition.description, &[] as &[syn::Attribute]));
    let named = definition.arguments.iter().filter(|argument| argument.name.is_some());
    let arguments = named.map(|argument| (&argument.description, argument.conditions.as_slice()));
    let unknown = function.chain(arguments).filter(|(text, _)| text.literal.is_none());
    let texts = unknown.map(|(Text { tokens, span, explicit, .. }, conditions)| {
        let (root, at) = (located(root, *span), Span::call_site().located_at(*span));
        quote_spanned!(at=> #(#conditions)* const _: () = #root::__private::description(#tokens, #explicit);)
    });
    let texts: Vec<_> = texts.collect();
    (!texts.is_empty()).then(|| quote!(#(#texts)*))
}

fn audience(role: &syn::LitStr, root: &TokenStream) -> TokenStream {
    match role.value().as_str() {
        "user" => quote!(#root::__private::Role::User),
        _ => quote!(#root::__private::Role::Assistant),
    }
}

/// The functions that complete arguments. One that cannot is reported at its path.
fn completions(definition: &Definition, root: &TokenStream) -> Option<TokenStream> {
    let here = Span::mixed_site();
    let (typed, context) = (Ident::new("typed", here), Ident::new("context", here));
    let pairs = definition.arguments.iter().filter_map(|argument| {
        let ((name, _), path) = (argument.name.as_ref()?, argument.attributes.path(Key::Complete)?);
        let root = located(root, path.span());
        let complete =
            quote_spanned!(place(path)=> #root::__private::complete::<_, _>(#path, #typed, #context));
        let conditions = &argument.conditions;
        Some(quote!(#(#conditions)* (#name, |#typed, #context| #complete)))
    });
    let pairs: Vec<_> = pairs.collect();
    (!pairs.is_empty()).then(|| quote!(.completions(&[#(#pairs),*])))
}

/// The same tokens, found where the macro was called and reported at `span`.
pub(crate) fn located(tokens: &TokenStream, span: Span) -> TokenStream {
    let tokens = tokens.clone().into_iter().map(|mut token| {
        token.set_span(Span::call_site().located_at(span));
        token
    });
    tokens.collect()
}

fn segment(part: &Part, root: &TokenStream) -> TokenStream {
    let segment = quote!(#root::__private::Segment);
    match part {
        Part::Literal(text) => quote!(#segment::Literal(#text)),
        Part::Variable(name) => quote!(#segment::Variable(#name)),
        Part::Rest(name) => quote!(#segment::Rest(#name)),
        Part::Query(names) => quote!(#segment::Query(&[#(#names),*])),
    }
}

fn annotations(definition: &Definition, root: &TokenStream) -> Option<TokenStream> {
    let keys = [
        (Key::ReadOnly, "read_only"),
        (Key::Destructive, "destructive"),
        (Key::Idempotent, "idempotent"),
        (Key::OpenWorld, "open_world"),
    ];
    if keys.iter().all(|(key, _)| definition.attributes.flag(*key).is_none()) {
        return None;
    }
    let hints = keys.iter().map(|(key, name)| {
        let name = format_ident!("{name}");
        match definition.attributes.flag(*key) {
            Some(value) => quote!(#name: ::core::option::Option::Some(#value)),
            None => quote!(#name: ::core::option::Option::None),
        }
    });
    Some(quote!(.annotations(#root::__private::Annotations { #(#hints),* })))
}

/// The closure that reads the arguments, calls the function, and takes its result.
fn run(definition: &Definition, root: &TokenStream) -> TokenStream {
    let ident = definition.ident();
    let here = Span::mixed_site();
    let call = Ident::new("call", here);
    let returns = Ident::new("returns", here);
    let names: Vec<_> =
        (0..definition.arguments.len()).map(|at| Ident::new(&format!("argument_{at}"), here)).collect();

    let kind = format_ident!("{}", definition.kind.name());
    let output = &definition.returns;
    let returned = quote_spanned!(place(output)=> #call.#kind::<#output>());
    let all: Vec<_> = definition.arguments.iter().zip(&names).collect();
    let reads = all.iter().enumerate().map(|(at, (argument, name))| {
        let read = read(definition, at, argument, &call);
        let conditions = &argument.conditions;
        quote!(#(#conditions)* let #name = #read;)
    });
    // No pattern can depend on a condition, so these are looked at one by one.
    let sometimes =
        all.iter().filter(|(argument, _)| !argument.conditions.is_empty()).map(|(argument, name)| {
            let conditions = &argument.conditions;
            quote! {
                #(#conditions)*
                let ::core::option::Option::Some(#name) = #name.given(&mut #call).await else {
                    #call.ready();
                    return #call.stop();
                };
            }
        });
    let always: Vec<_> =
        all.iter().filter(|(argument, _)| argument.conditions.is_empty()).map(|(_, name)| name).collect();
    let given = all.iter().map(|(argument, name)| {
        let conditions = &argument.conditions;
        match argument.lent {
            true => quote!(#(#conditions)* &#name),
            false => quote!(#(#conditions)* #name),
        }
    });
    let called = quote_spanned!(place(ident)=> #ident(#(#given),*));
    let replied = if definition.function.signature.asyncness.is_some() {
        quote!(#returns.reply(#called.await))
    } else if definition.attributes.flag(Key::Inline) == Some(true) {
        quote!(#returns.reply(#called))
    } else {
        quote!(#call.blocking(move || #returns.reply(#called)).await)
    };
    let body = quote! {
        let #returns = #returned;
        #(#reads)*
        #(#sometimes)*
        match (#(#always.given(&mut #call).await,)* #call.ready(),) {
            (#(::core::option::Option::Some(#always),)* true,) => #replied,
            _ => #call.stop(),
        }
    };
    // A future that cannot be sent is reported at the function's name.
    let root = located(root, ident.span());
    let sent = quote_spanned!(place(ident)=> #root::__private::run(async move { #body }));
    quote!(|mut #call| #sent)
}

/// Asks for one argument.
fn read(definition: &Definition, at: usize, argument: &Argument, call: &Ident) -> TokenStream {
    let Argument { name, ty, .. } = argument;
    let here = place(ty);
    if !argument.is_plain() {
        return argument::read(at, argument, call);
    }
    let Some((name, _)) = name else {
        return quote_spanned!(here=> #call.unnamed::<#ty, _>());
    };
    if definition.kind == Kind::Resource && !definition.variables().any(|variable| variable == name) {
        return quote_spanned!(here=> #call.extract::<#ty>(#name));
    }
    let description = &argument.description.tokens;
    quote_spanned!(here=> #call.argument::<#ty, _>(#name, #description))
}
