//! Handles: names that a server gives to what it keeps between calls.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::HandleRules;
use super::vault::{Trouble, Vault, purpose};
use crate::handler::{Context, Extract, Needs};
use crate::model::{Content, Principal};
use crate::seal::{self, Seal};
use crate::{IntoToolResult, ToolError};

/// The name of something that the server keeps for a caller: a text that one tool gives and another takes.
///
/// It says nothing of what it stands for, nobody guesses it (160 random bits), and it is worth nothing for another caller. What
/// stands behind it is kept by [`Handles`].
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Handle(String);

impl Handle {
    /// The handle as its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Its beginning only: who reads a log cannot use it.
impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({}…)", self.0.get(..6).unwrap_or_default())
    }
}

impl JsonSchema for Handle {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Handle".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "description": "A handle, as another tool gave it."})
    }
}

impl IntoToolResult for Handle {
    fn into_content(self) -> Vec<Content> {
        vec![self.0.into()]
    }
}

/// What a server keeps for its callers between calls, as an argument of any function: values of a type of yours, each under a
/// [`Handle`].
///
/// Clients of the newest revision have no session, so what belongs together is said with every call: one tool makes a handle,
/// others take it. Values are JSON, sealed where they are kept, and belong to the caller who made them: another principal, whatever
/// handle he knows, finds nothing. Callers whom nobody has asked who they are are one caller, whose handles are as safe as they are
/// secret. See [`HandleRules`] for how long and how many.
///
/// ```
/// use mcp::{Handle, Handles, ToolError};
///
/// #[derive(Default, serde::Serialize, serde::Deserialize)]
/// struct Basket { items: Vec<String> }
///
/// /// Opens a basket.
/// #[mcp::tool]
/// async fn open_basket(baskets: Handles<Basket>) -> Result<Handle, ToolError> {
///     baskets.put(Basket::default()).await
/// }
///
/// /// Puts something into a basket.
/// #[mcp::tool]
/// async fn put_in(basket: Handle, item: String, baskets: Handles<Basket>) -> Result<usize, ToolError> {
///     let mut found = baskets.made_by("open_basket").get(&basket).await?;
///     found.items.push(item);
///     let count = found.items.len();
///     baskets.replace(&basket, found).await?;
///     Ok(count)
/// }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let baskets = Handles::in_memory();
/// let basket = open_basket(baskets.clone()).await?;
/// assert_eq!(put_in(basket, "tea".into(), baskets).await?, 1);
/// # Ok::<_, ToolError>(())
/// # }).unwrap();
/// ```
pub struct Handles<T> {
    vault: Arc<Vault>,
    principal: Principal,
    maker: Option<&'static str>,
    held: PhantomData<fn() -> T>,
}

impl<T> Clone for Handles<T> {
    fn clone(&self) -> Self {
        Self {
            vault: self.vault.clone(),
            principal: self.principal.clone(),
            maker: self.maker,
            held: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Handles<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handles").finish_non_exhaustive()
    }
}

impl<T> Handles<T> {
    /// Handles of nobody in particular, for calling a function directly in a unit test.
    pub fn in_memory() -> Self {
        let rules = HandleRules::new();
        let vault = Vault::new(Arc::new(Seal::new(Vec::new())), &rules, rules.keep);
        Self::of(Arc::new(vault), Principal::anonymous())
    }

    fn of(vault: Arc<Vault>, principal: Principal) -> Self {
        Self { vault, principal, maker: None, held: PhantomData }
    }

    /// Says which tool makes such handles, for the answer to a call with one that is not there.
    #[must_use]
    pub fn made_by(&self, tool: &'static str) -> Self {
        Self { maker: Some(tool), ..self.clone() }
    }

    fn purpose(&self, handle: &Handle) -> Vec<u8> {
        let of = format!("{} {}", std::any::type_name::<T>(), handle.0);
        purpose("handle", &self.principal, &of)
    }

    /// The same answer whether it never was, is over, or is somebody else's.
    fn unknown(&self) -> ToolError {
        ToolError::invalid_input(match self.maker {
            Some(tool) => {
                format!("there is no such handle: it may have expired; call {tool} to get a new one")
            }
            None => {
                "there is no such handle: it may have expired; call the tool that gave it to get a new one"
                    .into()
            }
        })
    }
}

fn trouble(trouble: Trouble) -> ToolError {
    match trouble {
        Trouble::Full => ToolError::transient("the server keeps too much for its callers already")
            .retry_after(std::time::Duration::from_secs(60)),
        Trouble::NotSealed => ToolError::fatal("the server cannot keep anything between calls"),
        Trouble::Store(error) => {
            ToolError::transient("what the server keeps between calls is out of reach").source(error)
        }
    }
}

impl<T: Serialize + DeserializeOwned> Handles<T> {
    /// Keeps a value, and gives its handle.
    ///
    /// # Errors
    ///
    /// A value that JSON cannot express, no room, or a store that is out of reach: each can be returned as it is.
    pub async fn put(&self, value: T) -> Result<Handle, ToolError> {
        let handle = Handle(format!("h_{}", self.vault.mint().map_err(trouble)?));
        self.keep(&handle, &value).await?;
        Ok(handle)
    }

    /// The value behind a handle.
    ///
    /// # Errors
    ///
    /// Where there is none for this caller, or the store is out of reach: each can be returned as it is.
    pub async fn get(&self, handle: &Handle) -> Result<T, ToolError> {
        if handle.0.len() > 64 {
            return Err(self.unknown());
        }
        let found = self.vault.get(&handle.0, &self.purpose(handle)).await.map_err(trouble)?;
        let value = found.and_then(|json| serde_json::from_slice(&json).ok());
        value.ok_or_else(|| self.unknown())
    }

    /// Puts another value behind a handle, whose time begins anew. Of two calls that do so at once, the last one stays.
    ///
    /// # Errors
    ///
    /// Where there is no such handle for this caller, and those of [`put`](Self::put).
    pub async fn replace(&self, handle: &Handle, value: T) -> Result<(), ToolError> {
        self.get(handle).await?;
        self.keep(handle, &value).await
    }

    /// Takes the value from behind a handle, which is worth nothing then. Of several calls that take it at once, one gets it.
    ///
    /// # Errors
    ///
    /// Those of [`get`](Self::get).
    pub async fn take(&self, handle: &Handle) -> Result<T, ToolError> {
        let value = self.get(handle).await?;
        match self.vault.remove(&handle.0).await.map_err(trouble)? {
            true => Ok(value),
            false => Err(self.unknown()),
        }
    }

    async fn keep(&self, handle: &Handle, value: &T) -> Result<(), ToolError> {
        let json = serde_json::to_vec(value)
            .map_err(|error| ToolError::fatal("the value cannot be kept").source(error))?;
        self.vault.put(&handle.0, &json, &self.purpose(handle), &self.principal).await.map_err(trouble)
    }
}

impl<T: Send + 'static> Extract for Handles<T> {
    fn needs(needs: &mut Needs<'_>) {
        needs.sealing("`Handles` keeps values sealed");
    }

    async fn extract(cx: &Context) -> Result<Self, ToolError> {
        let vault = cx.state::<Vault>().ok_or_else(|| {
            tracing::error!("handles are asked for outside of a server");
            ToolError::fatal("the server is not set up for this tool")
        })?;
        Ok(Self::of(vault, cx.principal().clone()))
    }
}

impl Needs<'_> {
    /// Something is sealed, which not every build can do.
    pub(crate) fn sealing(&mut self, what: &str) {
        if !seal::IS_THERE {
            self.0.problems.push(format!("{what}, which needs the feature `seal`"));
        }
    }
}
