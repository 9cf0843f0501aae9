//! What is emitted when something was wrong: every error, and the user's function, so that nothing else in the crate
//! fails because of it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::FnArg;

use crate::diag::Errors;
use crate::expand;
use crate::func::Function;
use crate::model::Definition;

pub(crate) fn function(errors: &Errors, definition: &Definition) -> TokenStream {
    let (errors, function) = (errors.to_compile_errors(), &definition.function);
    let named = (!is_method(function)).then(|| named(definition));
    // The function may be used by nobody now, which is not worth a warning beside the error.
    quote!(#[allow(dead_code, unused_variables)] #function #errors #named)
}

/// What stands in an `impl` can have no type beside it.
fn is_method(function: &Function) -> bool {
    function.signature.inputs.iter().any(|argument| matches!(argument, FnArg::Receiver(_)))
}

/// What `.tool::<name>()` names, so that it is no second error.
fn named(definition: &Definition) -> TokenStream {
    let (name, ident, root) = (&definition.name.0, definition.ident(), definition.root());
    let (registered, conditions) = (expand::registered(definition.kind), definition.conditions());
    let named = expand::named(definition);
    let source = expand::source(ident, &root);
    quote! {
        #named
        #(#conditions)*
        impl #root::__private::#registered for #ident {
            const DEFINITION: #root::__private::Definition =
                #root::__private::Definition::prompt(#name, #source, |call| {
                    #root::__private::run(async move { call.stop() })
                });
        }
    }
}

pub(crate) fn untouched(errors: &Errors, item: TokenStream) -> TokenStream {
    let errors = errors.to_compile_errors();
    quote!(#item #errors)
}
