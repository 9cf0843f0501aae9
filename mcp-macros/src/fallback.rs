//! What is emitted when something was wrong: every error, and the user's function, so that nothing else in the crate
//! fails because of it.

use proc_macro2::TokenStream;
use quote::quote;

use crate::diag::Errors;
use crate::func::Function;

pub(crate) fn function(errors: &Errors, function: &Function) -> TokenStream {
    let errors = errors.to_compile_errors();
    // The function may be used by nobody now, which is not worth a warning beside the error.
    quote!(#[allow(dead_code, unused_variables)] #function #errors)
}

pub(crate) fn untouched(errors: &Errors, item: TokenStream) -> TokenStream {
    let errors = errors.to_compile_errors();
    quote!(#item #errors)
}
