//! What the issuer of a caller's token says of him, as an argument.

use std::ops::Deref;

use serde::de::DeserializeOwned;

use super::{Context, Extract};
use crate::ToolError;

/// What the issuer says of the caller, read as a type of yours.
///
/// The claims of a JWT are there as the issuer signed them; another [`Authenticate`](crate::http::Authenticate) gives what
/// it likes with [`Principal::with_claims`](crate::Principal::with_claims). A caller of whom nothing is said, or not what the
/// type asks for, is refused before the function runs. What was the token itself is out of reach.
///
/// ```
/// # use mcp::Claims;
/// #[derive(serde::Deserialize)]
/// struct Employee { department: String }
///
/// /// Tells the caller's department.
/// #[mcp::tool(scopes("profile"))]
/// async fn department(Claims(employee): Claims<Employee>) -> String {
///     employee.department
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Claims<T>(pub T);

impl<T> Deref for Claims<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + Send + 'static> Extract for Claims<T> {
    async fn extract(cx: &Context) -> Result<Self, ToolError> {
        match cx.principal().claims() {
            Some(Ok(claims)) => Ok(Self(claims)),
            // What serde says may repeat what stands in the token.
            Some(Err(_)) => Err(ToolError::fatal("the caller's token does not say what this needs to know")),
            None => Err(ToolError::fatal("this needs to know who calls, and nobody says so")),
        }
    }
}
