//! What must compile, with every lint that a careful crate turns on.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unreachable_pub, clippy::pedantic)]

use mcp::{Args, Content, Context, Headers, Json, Principal, State, ToolError};

/// An alias is not spelled like what it stands for.
type Maybe<T> = Option<T>;
/// Nor is a renamed import.
type Request = Context;

/// What the server holds.
pub struct Db;

/// A filter.
#[derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
pub struct Filter {
    /// A tag.
    pub tag: String,
    /// Filters inside.
    pub inner: Vec<Filter>,
}

/// Takes everything, in any order.
#[mcp::tool(read_only, destructive = false, title = "All of it")]
pub async fn everything(
    cx: Request,
    text: &str,
    db: State<Db>,
    numbers: &[u32],
    filter: &Filter,
    mut count: Maybe<u8>,
    headers: Headers,
    principal: Principal,
    r#type: String,
) -> Result<Json<Filter>, ToolError> {
    count = count.or(Some(1));
    let _ = (cx, db, headers, principal, numbers, count, r#type);
    Ok(Json(Filter { tag: text.to_owned() + &filter.tag, inner: vec![] }))
}

/// Takes the whole object.
#[mcp::tool]
pub async fn whole(Args(filter): Args<Filter>, _cx: Context) -> Vec<Content> {
    vec![filter.tag.into()]
}

/// Is not async, and any error will do.
#[mcp::tool]
pub fn blocking(path: String) -> Result<String, std::io::Error> {
    std::fs::read_to_string(path)
}

/// Is quick.
#[mcp::tool(inline)]
#[must_use]
pub fn quick(text: &str) -> usize {
    text.len()
}

/// Does nothing.
#[mcp::tool]
pub async fn nothing() {}

/// Is there only sometimes.
#[mcp::tool]
#[cfg(any())]
pub async fn never(missing: DoesNotExist) {}

#[doc = concat!("Made ", "of pieces.")]
#[mcp::tool]
pub async fn documented() -> Option<String> {
    None
}

macro_rules! tools {
    ($($name:ident: $kind:ty),*) => {$(
        /// Made by a macro.
        #[mcp::tool]
        pub async fn $name(value: $kind) -> $kind { value }
    )*};
}

tools!(same_number: i64, same_text: String);

const MOST: u8 = 20;

/// Says all that can be said of arguments.
#[mcp::tool]
#[deprecated(note = "only shows what works")]
pub async fn arguments(
    #[arg(default = "celsius", length = 1..=80, pattern = "^[a-z]+$", example = "kelvin")] unit: &str,
    #[arg(default = 5, range = 1..=MOST)] count: u8,
    #[arg(default = Vec::new(), length = ..5)] list: &[u32],
    #[arg(rename = "corner", description = concat!("A ", "corner."))] (x, y): (u8, u8),
    #[arg(schema = String)] foreign: Maybe<Filter>,
    #[arg(secret)] mut token: String,
    #[cfg(any())] missing: DoesNotExist,
    #[cfg(not(any()))]
    #[arg(default)]
    there: bool,
) -> String {
    token.clear();
    format!("{unit} {count} {list:?} {x} {y} {} {token} {there}", foreign.is_some())
}

/// A page of a book.
#[mcp::resource("books://{book}/{+chapter}{?page}", mime = "text/plain", name = "page of a book")]
pub async fn page(chapter: String, book: String, page: Option<u32>, db: State<Db>) -> Option<String> {
    let _ = db;
    page.map(|page| format!("{book} {chapter} {page}"))
}

/// A fixed text.
#[mcp::resource("books://index", size = 5)]
pub async fn index() -> &'static str {
    "index"
}

/// A prompt.
#[mcp::prompt(title = "Review")]
pub async fn review(code: String, lines: Maybe<u32>, cx: Context) -> Result<String, mcp::BoxError> {
    let _ = (lines, cx);
    Ok(code)
}

mod renamed {
    pub(crate) use mcp as framework;

    /// Finds the framework elsewhere.
    #[framework::tool(crate = crate::renamed::framework)]
    pub(crate) async fn elsewhere() {}
}

fn main() {
    /// Stands in the body of a function.
    #[mcp::tool]
    async fn inner() {}

    drop((inner(), quick("x"), renamed::elsewhere()));
    let _ = mcp::server!().explicit().tool::<everything>().resource::<page>().prompt::<review>();
}
