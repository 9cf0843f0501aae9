//! What belongs to the server and is shared by all calls.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use super::{Context, Extract, Needs};
use crate::ToolError;
use crate::secrets::Secrets;

/// Something that the server holds, given with `.state(…)` when it is built and shared by all calls.
///
/// That it was given is checked when the server is built. In a unit test, make one with [`State::new`].
///
/// ```
/// # use mcp::State;
/// struct Config { greeting: String }
///
/// /// Greets.
/// #[mcp::tool]
/// async fn greet(name: String, config: State<Config>) -> String {
///     format!("{}, {name}!", config.greeting)
/// }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let config = State::new(Config { greeting: "Hello".into() });
/// assert_eq!(greet("Ada".into(), config).await, "Hello, Ada!");
/// # });
/// ```
#[derive(Debug)]
pub struct State<T>(Arc<T>);

impl<T> State<T> {
    /// A state of its own, for calling a function directly.
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }

    /// What the server shares, to be kept longer than the call.
    pub fn shared(&self) -> Arc<T> {
        self.0.clone()
    }
}

impl<T> Clone for State<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Deref for State<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Send + Sync + 'static> Extract for State<T> {
    const SAME_FOR_ALL: bool = true;

    fn needs(needs: &mut Needs<'_>) {
        needs.state::<T>();
    }

    async fn extract(cx: &Context) -> Result<Self, ToolError> {
        // The build has checked that it is there; only a state that an extractor did not name can be missing.
        cx.state().map(Self).ok_or_else(|| {
            tracing::error!(state = type_name::<T>(), "no such state was given to the server");
            ToolError::fatal("the server is not set up for this tool")
        })
    }
}

/// All states of a server, by type.
#[derive(Debug, Default, Clone)]
pub(crate) struct States {
    held: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    /// The server is built to be looked at, not to be run.
    assumed: bool,
}

impl States {
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.insert_shared(Arc::new(value));
    }

    pub(crate) fn insert_shared<T: Send + Sync + 'static>(&mut self, value: Arc<T>) {
        self.held.insert(TypeId::of::<T>(), value);
    }

    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.held.get(&TypeId::of::<T>())?.clone().downcast().ok()
    }

    /// Passes for having them all.
    pub(crate) fn assume_all(&mut self) {
        self.assumed = true;
    }

    /// Whether a credential of this name is to be had.
    pub(crate) fn has_secret(&self, name: &str) -> bool {
        self.assumed || self.get::<Secrets>().is_some_and(|secrets| secrets.has(name))
    }

    pub(crate) fn contains(&self, state: TypeId) -> bool {
        self.assumed || self.held.contains_key(&state)
    }
}
