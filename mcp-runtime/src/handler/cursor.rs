//! Results that come in pages: where the next one begins is carried by the caller, sealed.

use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::call::{Asked, Fault, Run};
use super::extract::given;
use super::{Argument, Failure, IntoToolResult, Needs};
use crate::handles::{Vault, purpose};
use crate::model::{Content, Principal, ToolResult};

/// Marks an argument that is the cursor of a page.
#[derive(Debug)]
pub enum Paged {}

/// Where a page begins: an argument that the caller leaves out for the first page, and takes from the page before for every
/// other one.
///
/// `C` is what you need to go on: an offset, the last key, a token of somebody else's. Callers see a text that says nothing,
/// cannot be changed, and is worth nothing for another caller, another tool, or after
/// [`cursor_lifetime`](crate::ServerBuilder::cursor_lifetime). One that is not right is refused as an argument that is wrong.
///
/// ```
/// use mcp::{Cursor, Page};
///
/// #[derive(serde::Serialize, schemars::JsonSchema)]
/// struct Order { id: u64 }
///
/// /// Lists orders, the newest first.
/// #[mcp::tool(read_only)]
/// async fn orders(cursor: Cursor<u64>) -> Page<Order> {
///     let start = cursor.value().copied().unwrap_or_default();
///     let items: Vec<_> = (start..100).take(20).map(|id| Order { id }).collect();
///     let next = start + 20;
///     cursor.page(items, (next < 100).then_some(next))
/// }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let page = orders(Cursor::at(90)).await;
/// assert_eq!(page.items().len(), 10);
/// assert!(page.is_last());
/// # });
/// ```
pub struct Cursor<C> {
    value: Option<C>,
    /// None where a function is called directly.
    maker: Option<Maker>,
}

struct Maker {
    vault: Arc<Vault>,
    purpose: Vec<u8>,
}

impl<C: fmt::Debug> fmt::Debug for Cursor<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cursor").field(&self.value).finish()
    }
}

impl<C> Cursor<C> {
    /// The first page, for calling a function directly in a unit test.
    pub fn start() -> Self {
        Self { value: None, maker: None }
    }

    /// A later page, for calling a function directly in a unit test.
    pub fn at(value: C) -> Self {
        Self { value: Some(value), maker: None }
    }

    /// Where the page begins; nothing on the first page.
    pub fn value(&self) -> Option<&C> {
        self.value.as_ref()
    }

    /// The same, to keep.
    pub fn into_value(self) -> Option<C> {
        self.value
    }
}

impl<C: Serialize> Cursor<C> {
    /// A page, and where the next one begins; none where this is the last.
    pub fn page<T>(&self, items: Vec<T>, next: Option<C>) -> Page<T> {
        let next = next.map(|next| {
            let json = serde_json::to_string(&next).map_err(Failure::new)?;
            let Some(maker) = &self.maker else { return Ok(json) };
            let sealed = maker.vault.carried(json.as_bytes(), &maker.purpose);
            sealed.ok_or_else(|| Failure::new("the next page cannot be told: nothing can be sealed here"))
        });
        Page { items, next }
    }
}

/// What callers are told that an argument is.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text(#[allow(dead_code, reason = "only its schema is asked for")] String);

impl JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cursor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string"})
    }
}

const DESCRIPTION: &str = "`next` of the page before; leave it out for the first page.";

fn bound(principal: &Principal, function: &str) -> Vec<u8> {
    purpose("cursor", principal, function)
}

impl<C: Serialize + DeserializeOwned + Send> Argument<Paged> for Cursor<C> {
    fn describe(name: &'static str, description: &'static str, needs: &mut Needs<'_>) {
        let said = description.trim_ascii();
        needs.0.field::<Option<Text>>(name, if said.is_empty() { DESCRIPTION } else { description });
        needs.sealing("a `Cursor` is sealed");
    }

    #[allow(private_interfaces, reason = "only this crate implements the trait and calls the method")]
    fn take(name: &'static str, run: &mut Run) -> Result<Asked<Self>, Fault> {
        let text = given::<Option<String>>(name, &mut run.arguments).transpose()?.flatten();
        // Without a server the arguments are only looked at.
        let Some(vault) = run.context.state::<Vault>() else { return Ok(Asked::Given(Self::start())) };
        let purpose = bound(run.context.principal(), run.context.function());
        let value = text.map(|text| {
            let opened = vault.opened(&text, &purpose);
            opened.and_then(|json| serde_json::from_slice(&json).ok()).ok_or_else(|| Fault::Invalid {
                name,
                detail: "it is not the `next` of a page that this gave to you, or it has expired: take it as it was given, or \
                         leave it out to begin with the first page"
                    .into(),
            })
        });
        Ok(Asked::Given(Self { value: value.transpose()?, maker: Some(Maker { vault, purpose }) }))
    }
}

/// A part of a long result, for a tool to return: items, and where the next page begins. [`Cursor::page`] makes one.
///
/// Clients get `{"items": […], "next": "…"}` as structured content with a schema; `next` is left out on the last page.
#[derive(Debug)]
pub struct Page<T> {
    items: Vec<T>,
    next: Option<Result<String, Failure>>,
}

impl<T> Page<T> {
    /// The only page.
    pub fn only(items: Vec<T>) -> Self {
        Self { items, next: None }
    }

    /// What stands on it.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// Whether no other page follows.
    pub fn is_last(&self) -> bool {
        self.next.is_none()
    }

    /// What the caller gives for the next page. Where the function was called directly it is the JSON of the cursor's value.
    pub fn next(&self) -> Option<&str> {
        self.next.as_ref()?.as_deref().ok()
    }
}

#[derive(Serialize, JsonSchema)]
struct Sent<T> {
    items: Vec<T>,
    /// Give it to get the next page; without it this page is the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl<T: Serialize + JsonSchema> IntoToolResult for Page<T> {
    fn into_content(self) -> Vec<Content> {
        let sent = Sent { items: self.items, next: self.next.and_then(Result::ok) };
        serde_json::to_string(&sent).map(|text| vec![Content::text(text)]).unwrap_or_default()
    }

    #[allow(private_interfaces, reason = "only this crate calls it or writes it anew")]
    fn into_tool_result(self) -> Result<ToolResult, Failure> {
        let sent = Sent { items: self.items, next: self.next.transpose()? };
        let structured = serde_json::to_string(&sent).map_err(Failure::new)?;
        Ok(ToolResult { structured: Some(structured), ..ToolResult::default() })
    }

    fn describe(needs: &mut Needs<'_>) {
        needs.0.output::<Sent<T>>();
    }
}
