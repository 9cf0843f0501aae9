//! Extensions of the protocol, on a seam of their own: what one adds are methods, a topic that clients may listen to, and what it
//! says of itself. The core knows none of them by name.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{Context, Error};

/// A future in a box, as traits have it that are used as `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An extension of the protocol, given to a server with [`ServerBuilder::extension`](crate::ServerBuilder::extension).
///
/// Its methods can be called by clients that declare the extension in their capabilities, in the stateless revisions; others are
/// told what they would have to declare. See the specification, "Extensions".
///
/// ```standalone_crate
/// use mcp::{BoxFuture, Context, Error, Extension, ExtensionMethod};
/// use serde_json::{Map, Value, json};
///
/// struct Clock;
///
/// impl Extension for Clock {
///     fn id(&self) -> &'static str {
///         "com.example/clock"
///     }
///
///     fn methods(&self) -> &'static [ExtensionMethod] {
///         const METHODS: &[ExtensionMethod] = &[ExtensionMethod::new("clock/read")];
///         METHODS
///     }
///
///     fn call<'a>(
///         &'a self,
///         _method: &'static str,
///         _params: Map<String, Value>,
///         _cx: Context,
///     ) -> BoxFuture<'a, Result<Map<String, Value>, Error>> {
///         Box::pin(async { Ok(Map::from_iter([("time".into(), json!("noon"))])) })
///     }
/// }
///
/// let server = mcp::server!().extension(Clock).build()?;
/// # Ok::<_, mcp::BuildError>(())
/// ```
pub trait Extension: Send + Sync + 'static {
    /// Its name, such as `com.example/clock`.
    fn id(&self) -> &'static str;

    /// What the server says of it among its capabilities.
    fn settings(&self) -> Map<String, Value> {
        Map::new()
    }

    /// The methods that it adds.
    fn methods(&self) -> &'static [ExtensionMethod] {
        &[]
    }

    /// Answers one of its methods with the members of the result.
    fn call<'a>(
        &'a self,
        method: &'static str,
        params: Map<String, Value>,
        cx: Context,
    ) -> BoxFuture<'a, Result<Map<String, Value>, Error>> {
        let (_, _) = (params, cx);
        Box::pin(async move { Err(Error::internal(format!("{method} is not served"))) })
    }

    /// The member of a subscription's filter that lists what to listen to, such as `taskIds`.
    fn topics(&self) -> Option<&'static str> {
        None
    }

    /// Which of these the caller may listen to.
    fn may_listen(&self, topics: Vec<String>, cx: &Context) -> Vec<String> {
        let _ = cx;
        topics
    }

    /// What is told of a topic that changed: a notification's method and parameters.
    fn news(&self, topic: &str) -> Option<(&'static str, Map<String, Value>)> {
        let _ = topic;
        None
    }
}

/// A method that an extension adds.
#[derive(Debug, Clone, Copy)]
pub struct ExtensionMethod {
    pub(crate) name: &'static str,
    pub(crate) named_by: Option<&'static str>,
}

impl ExtensionMethod {
    /// A method.
    pub const fn new(name: &'static str) -> Self {
        Self { name, named_by: None }
    }

    /// Says which parameter the HTTP header `Mcp-Name` repeats.
    #[must_use]
    pub const fn named_by(mut self, parameter: &'static str) -> Self {
        self.named_by = Some(parameter);
        self
    }
}

/// The extensions of a server.
#[derive(Clone, Default)]
pub(crate) struct Extensions(Vec<Arc<dyn Extension>>);

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|extension| extension.id())).finish()
    }
}

impl Extensions {
    pub(crate) fn add(&mut self, extension: Arc<dyn Extension>) {
        self.0.push(extension);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<dyn Extension>> {
        self.0.iter()
    }

    /// The extension that has a method of this name.
    pub(crate) fn method(&self, name: &str) -> Option<(&Arc<dyn Extension>, &'static ExtensionMethod)> {
        self.0.iter().find_map(|extension| {
            let method = extension.methods().iter().find(|method| method.name == name)?;
            Some((extension, method))
        })
    }

    /// What does not fit together: two extensions that would answer the same.
    pub(crate) fn problems(&self) -> Vec<String> {
        let ids = self.0.iter().map(|extension| extension.id());
        let methods = self.0.iter().flat_map(|extension| extension.methods()).map(|method| method.name);
        let mut names: Vec<_> = ids.chain(methods).collect();
        names.sort_unstable();
        let twice = names.windows(2).filter(|pair| pair.first() == pair.last());
        twice.filter_map(|pair| Some(format!("two extensions have {:?}", pair.first()?))).collect()
    }
}

/// The call of an extension's method.
pub struct ExtensionCall {
    pub(crate) extension: Arc<dyn Extension>,
    pub(crate) method: &'static str,
    pub(crate) params: Map<String, Value>,
}

impl fmt::Debug for ExtensionCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtensionCall").field("method", &self.method).finish_non_exhaustive()
    }
}

/// Tools whose results a page shows: nothing is called for it, so it only says that it is there.
pub(crate) struct Apps;

impl Extension for Apps {
    fn id(&self) -> &'static str {
        "io.modelcontextprotocol/ui"
    }
}
