//! From a definition without faults to tokens. Everything that can fail because of a type stands at that type.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::attr::Key;
use crate::check::fraction;
use crate::func::place;
use crate::kind::Kind;
use crate::model::{Argument, Definition};
use crate::policy;
use crate::uri::Part;

pub(crate) fn expand(definition: &Definition) -> TokenStream {
    let function = &definition.function;
    let ident = definition.ident();
    let visibility = &function.visibility;
    let conditions: Vec<_> = definition.conditions().collect();
    let root = definition.root();
    let registered = match definition.kind {
        Kind::Tool => quote!(ToolFn),
        Kind::Resource => quote!(ResourceFn),
        Kind::Prompt => quote!(PromptFn),
    };
    let constant = constant(definition, &root);
    quote! {
        // Every argument of a tool is one of its schema, so there are as many as the tool needs.
        #[allow(clippy::too_many_arguments)]
        #function

        #(#conditions)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code)]
        #visibility enum #ident {}

        #(#conditions)*
        const _: () = {
            impl #root::__private::#registered for #ident {
                const DEFINITION: #root::__private::Definition = #constant;
            }
            #root::__private::inventory::submit! {
                <#ident as #root::__private::#registered>::DEFINITION
            }
        };
    }
}

/// The constant that says everything about the function.
fn constant(definition: &Definition, root: &TokenStream) -> TokenStream {
    let name = &definition.name.0;
    let function = definition.ident().to_string();
    let run = run(definition, root);
    let source = quote! {
        #root::__private::Source {
            module: ::core::module_path!(),
            file: ::core::file!(),
            line: ::core::line!(),
            function: #function,
        }
    };
    let start = match definition.kind {
        Kind::Tool => quote!(#root::__private::Definition::tool(#name, #source, #run)),
        Kind::Prompt => quote!(#root::__private::Definition::prompt(#name, #source, #run)),
        Kind::Resource => {
            let uri = &definition.attributes.uri;
            let segments = definition.uri.iter().map(|part| segment(part, root));
            quote!(#root::__private::Definition::resource(#name, #uri, &[#(#segments),*], #source, #run))
        }
    };
    let description = &definition.description;
    let title = definition.attributes.text(Key::Title).map(|title| quote!(.title(#title)));
    let mime = definition.attributes.text(Key::Mime).map(|mime| quote!(.mime(#mime)));
    let size = definition.attributes.number(Key::Size).map(|size| quote!(.size(#size)));
    let annotations = annotations(definition, root);
    let completions = completions(definition, root);
    let headers = headers(definition);
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
    let app = definition.attributes.text(Key::App).map(|uri| quote!(.app(#uri)));
    let policies = policy::expand(definition);
    quote! {
        #start.description(#description)
            #title #mime #size #audience #priority #ttl #public #annotations #icons #meta #app #task #policies #completions #headers
    }
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
        Some(quote!((#name, |#typed, #context| #complete)))
    });
    let pairs: Vec<_> = pairs.collect();
    (!pairs.is_empty()).then(|| quote!(.completions(&[#(#pairs),*])))
}

/// The headers that repeat arguments.
fn headers(definition: &Definition) -> Option<TokenStream> {
    let pairs = definition.arguments.iter().filter_map(|argument| {
        let ((name, _), header) = (argument.name.as_ref()?, argument.attributes.text(Key::Header)?);
        Some(quote!((#name, #header)))
    });
    let pairs: Vec<_> = pairs.collect();
    (!pairs.is_empty()).then(|| quote!(.headers(&[#(#pairs),*])))
}

/// The same tokens, found where the macro was called and reported at `span`.
fn located(tokens: &TokenStream, span: Span) -> TokenStream {
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
    let reads = definition.arguments.iter().zip(&names).map(|(argument, name)| {
        let read = read(definition, argument, &call);
        quote!(let #name = #read.given(&mut #call).await;)
    });

    let given = definition.arguments.iter().zip(&names).map(|(argument, name)| match argument.lent {
        true => quote!(&#name),
        false => name.to_token_stream(),
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
        match (#call.ready(), #(#names),*) {
            (true, #(::core::option::Option::Some(#names)),*) => #replied,
            _ => #call.stop(),
        }
    };
    // A future that cannot be sent is reported at the function's name.
    let root = located(root, ident.span());
    let sent = quote_spanned!(place(ident)=> #root::__private::run(async move { #body }));
    quote!(|mut #call| #sent)
}

/// Asks for one argument.
fn read(definition: &Definition, argument: &Argument, call: &Ident) -> TokenStream {
    let Argument { name, ty, description, .. } = argument;
    let at = place(ty);
    let Some((name, _)) = name else {
        return quote_spanned!(at=> #call.unnamed::<#ty, _>());
    };
    if definition.kind == Kind::Resource && !definition.variables().any(|variable| variable == name) {
        return quote_spanned!(at=> #call.extract::<#ty>(#name));
    }
    quote_spanned!(at=> #call.argument::<#ty, _>(#name, #description))
}
