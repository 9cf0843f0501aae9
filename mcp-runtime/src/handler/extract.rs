//! Where arguments come from: the JSON of the call, the request around it, or the server.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::call::{Asked, Fault, Run};
use super::{Context, text};
use crate::ToolError;
use crate::json::shortened;
use crate::model::{Arguments, Principal};
use crate::schema::{Description, missing};

/// An argument of a tool, a resource or a prompt.
///
/// There is nothing to implement here: every type that serde can read and schemars can describe is a plain argument, and
/// every [`Extract`] is an extractor. `M` only keeps the two apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument: it is neither JSON nor an extractor",
    label = "neither JSON nor an extractor",
    note = "for a value that the caller gives, derive both: `#[derive(serde::Deserialize, schemars::JsonSchema)]`",
    note = "for something that belongs to the server, take `State<{Self}>` and give it with `.state(…)`",
    note = "for something made of the request, implement `mcp::Extract` for it"
)]
pub trait Argument<M>: Sized + Send {
    #[doc(hidden)]
    fn describe(name: &'static str, description: &'static str, needs: &mut Needs<'_>);

    #[doc(hidden)]
    #[allow(private_interfaces, reason = "only this crate implements the trait and calls the method")]
    fn take(name: &'static str, run: &mut Run) -> Result<Asked<Self>, Fault>;
}

/// Marks an argument that is read from the JSON of the call.
#[derive(Debug)]
pub enum Field {}

/// Marks an argument that takes all of the JSON of the call.
#[derive(Debug)]
pub enum Whole {}

/// Marks an argument that is made of the request.
#[derive(Debug)]
pub enum Extractor {}

/// What an argument may be that has no name of its own, such as `Args(order): Args<Order>`.
#[diagnostic::on_unimplemented(
    message = "an argument that the caller gives needs a name",
    label = "only extractors and `Args` can be taken apart here",
    note = "write `name: Type`, or give it the name that callers use: `#[arg(rename = \"name\")]`"
)]
pub trait Nameless {}

impl Nameless for Whole {}
impl Nameless for Extractor {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + Send> Argument<Field> for T {
    fn describe(name: &'static str, description: &'static str, needs: &mut Needs<'_>) {
        needs.0.field::<T>(name, description);
    }

    #[allow(private_interfaces, reason = "only this crate implements the trait and calls the method")]
    fn take(name: &'static str, run: &mut Run) -> Result<Asked<Self>, Fault> {
        let read =
            given(name, &mut run.arguments).unwrap_or_else(|| missing().ok_or(Fault::Missing { name }));
        read.map(Asked::Given)
    }
}

/// Takes an argument out of what was given and reads it; `None` where it was not given.
pub(super) fn given<T: DeserializeOwned>(
    name: &'static str,
    arguments: &mut Arguments,
) -> Option<Result<T, Fault>> {
    match arguments {
        Arguments::Json(given) => {
            given.take(name).map(|raw| serde_json::from_str(raw).map_err(|error| invalid(name, &error)))
        }
        Arguments::Text(given) => {
            let at = given.iter().position(|(found, _)| found == name)?;
            Some(text::read(given.swap_remove(at).1).map_err(|error| invalid(name, &error)))
        }
    }
}

fn invalid(name: &'static str, error: &dyn std::fmt::Display) -> Fault {
    Fault::Invalid { name, detail: shortened(&in_words(&error.to_string())).into_owned() }
}

/// Says what serde says in the words of JSON: without the place in the text, because the model wrote no lines and columns,
/// and without the names of Rust's types.
fn in_words(error: &str) -> String {
    let said = error.rsplit_once(" at line ").map_or(error, |(said, _)| said);
    let Some((before, wanted)) = said.rsplit_once(", expected ") else { return said.to_owned() };
    let wanted = match wanted {
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "an integer",
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => "a non-negative integer",
        "f32" | "f64" => "a number",
        "a sequence" => "an array",
        "a map" => "an object",
        other => other.strip_prefix("struct ").map_or(other, |_| "an object"),
    };
    format!("{before}, expected {wanted}")
}

/// All arguments of a call in one struct of your own.
///
/// ```
/// # use mcp::Args;
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Order { item: String, #[serde(default)] count: u32 }
///
/// /// Orders something.
/// #[mcp::tool]
/// async fn order(Args(order): Args<Order>) -> String {
///     format!("{} of {}", order.count, order.item)
/// }
/// ```
///
/// Plain arguments cannot stand beside it, extractors can. Which members may be left out, and whether others are
/// refused, is what serde says of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Args<T>(pub T);

impl<T: DeserializeOwned + JsonSchema + Send> Argument<Whole> for Args<T> {
    fn describe(_: &'static str, _: &'static str, needs: &mut Needs<'_>) {
        needs.0.whole::<T>();
    }

    #[allow(private_interfaces, reason = "only this crate implements the trait and calls the method")]
    fn take(_: &'static str, run: &mut Run) -> Result<Asked<Self>, Fault> {
        let read = match &mut run.arguments {
            Arguments::Json(given) => {
                let read = serde_json::from_str(given.raw())
                    .map_err(|error| shortened(&in_words(&error.to_string())).into_owned());
                given.clear();
                read
            }
            Arguments::Text(given) => {
                text::read_all(std::mem::take(given)).map_err(|error| error.to_string())
            }
        };
        read.map(|value| Asked::Given(Self(value))).map_err(|detail| Fault::Whole { detail })
    }
}

/// Makes an argument of the request, or of what the server holds.
///
/// ```
/// # use mcp::{Context, Extract, ToolError};
/// /// The tenant that the request is for, from a header of the proxy.
/// struct Tenant(String);
///
/// impl Extract for Tenant {
///     async fn extract(cx: &Context) -> Result<Self, ToolError> {
///         let tenant = cx.headers().get("x-tenant").and_then(|value| value.to_str().ok());
///         tenant.map(|name| Tenant(name.into())).ok_or_else(|| ToolError::fatal("no tenant"))
///     }
/// }
///
/// /// Says whose server this is.
/// #[mcp::tool]
/// async fn whose(tenant: Tenant) -> String { tenant.0 }
/// ```
///
/// # Errors
///
/// The function is not run, and the error answers the call.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument here: no variable of the URI has its name, and it is no extractor",
    label = "neither a variable of the URI nor an extractor",
    note = "name it in the URI, as in `\"logs://{{service}}/{{date}}\"`, or take `State<{Self}>`"
)]
pub trait Extract: Sized + Send + 'static {
    /// Whether it is the same whoever calls, because it looks at nothing that the request says. Only then may it stand in
    /// a resource that is `public`, which caches give to everybody.
    const SAME_FOR_ALL: bool = false;

    /// Says what it needs of the server, so that what is missing is found while the server is built.
    fn needs(needs: &mut Needs<'_>) {
        let _ = needs;
    }

    /// Makes the argument.
    fn extract(cx: &Context) -> impl Future<Output = Result<Self, ToolError>> + Send;
}

/// What the arguments of a function need of the server.
#[derive(Debug)]
pub struct Needs<'a>(pub(crate) &'a mut Description);

impl Needs<'_> {
    /// It needs a [`State<T>`](crate::State).
    pub fn state<T: 'static>(&mut self) {
        self.0.state::<T>();
    }
}

#[diagnostic::do_not_recommend]
impl<T: Extract> Argument<Extractor> for T {
    fn describe(_: &'static str, _: &'static str, needs: &mut Needs<'_>) {
        T::needs(needs);
        if !T::SAME_FOR_ALL {
            needs.0.callers.push(std::any::type_name::<T>());
        }
    }

    #[allow(private_interfaces, reason = "only this crate implements the trait and calls the method")]
    fn take(_: &'static str, run: &mut Run) -> Result<Asked<Self>, Fault> {
        let cx = run.context.clone();
        Ok(Asked::Later(Box::pin(async move { T::extract(&cx).await })))
    }
}

impl Extract for Context {
    async fn extract(cx: &Context) -> Result<Self, ToolError> {
        Ok(cx.clone())
    }
}

impl Extract for Principal {
    async fn extract(cx: &Context) -> Result<Self, ToolError> {
        Ok(cx.principal().clone())
    }
}

/// The headers of the HTTP request that a call came with; empty on other transports.
///
/// ```
/// # use mcp::Headers;
/// /// Greets in the caller's language.
/// #[mcp::tool]
/// async fn hello(headers: Headers) -> &'static str {
///     match headers.get("accept-language").and_then(|value| value.to_str().ok()) {
///         Some(languages) if languages.starts_with("de") => "Guten Tag",
///         _ => "Good day",
///     }
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Headers(pub http::HeaderMap);

impl std::ops::Deref for Headers {
    type Target = http::HeaderMap;

    fn deref(&self) -> &http::HeaderMap {
        &self.0
    }
}

impl Extract for Headers {
    async fn extract(cx: &Context) -> Result<Self, ToolError> {
        Ok(Self(cx.headers().clone()))
    }
}
