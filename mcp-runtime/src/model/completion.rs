//! Completion of arguments: what the user has typed, and what it may become.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::{Definition, Prompt, Resource};
use crate::handler::Completing;

/// Completes an argument of a prompt or a resource template: what `#[arg(complete = path)]` becomes.
pub type Complete = fn(Typed, crate::Context) -> Completing;

/// What the user has typed so far of an argument, and the other arguments that he has given.
///
/// ```
/// # use mcp::Typed;
/// async fn cities(typed: Typed) -> Vec<&'static str> {
///     let all = match typed.argument("country") {
///         Some("de") => ["Berlin", "Bremen", "Köln"],
///         _ => ["Paris", "Perpignan", "Pau"],
///     };
///     all.into_iter().filter(|city| city.starts_with(&*typed)).collect()
/// }
///
/// /// Describes a city.
/// #[mcp::prompt]
/// async fn city(country: String, #[arg(complete = cities)] city: String) -> String {
///     format!("Describe {city} in {country}.")
/// }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let typed = Typed::new("B").with("country", "de");
/// assert_eq!(cities(typed).await, ["Berlin", "Bremen"]);
/// # });
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    text: String,
    arguments: BTreeMap<String, String>,
}

impl Typed {
    /// What a user might type, for calling a function directly in a unit test.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), arguments: BTreeMap::new() }
    }

    /// Adds another argument that has been given.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.arguments.insert(name.into(), value.into());
        self
    }

    pub(crate) fn among(text: String, arguments: BTreeMap<String, String>) -> Self {
        Self { text, arguments }
    }

    /// Another argument of the same prompt or template, where the client says that it is known already.
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.arguments.get(name).map(String::as_str)
    }
}

impl Deref for Typed {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

/// Values that an argument may have, the most likely one first.
///
/// A function that completes may return a plain `Vec` of texts; this is for one that knows more values than it gives.
/// A client is sent 100 at most.
///
/// ```
/// # use mcp::Completion;
/// let first_of_many = Completion::new(["alpha", "beta"]).total(1200);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    pub(crate) values: Vec<String>,
    total: Option<u64>,
}

impl Completion {
    /// So many values are sent at most (specification, "Completion").
    const MOST: usize = 100;

    /// These values.
    pub fn new<T: Into<String>>(values: impl IntoIterator<Item = T>) -> Self {
        Self { values: values.into_iter().map(Into::into).collect(), total: None }
    }

    /// How many values there are in all, where these are not all.
    #[must_use]
    pub fn total(mut self, count: u64) -> Self {
        self.total = Some(count);
        self
    }

    /// The values to send, how many there are in all, and whether that is more.
    pub(crate) fn to_send(&self) -> (&[String], u64, bool) {
        let all = self.values.len() as u64;
        let total = self.total.map_or(all, |total| total.max(all));
        let sent = self.values.get(..Self::MOST).unwrap_or(&self.values);
        (sent, total, total > sent.len() as u64)
    }
}

/// How the arguments of a prompt or a template are completed.
#[derive(Debug, Default)]
pub(crate) struct Completions(pub(crate) Vec<(&'static str, Completer)>);

/// How an argument is completed.
#[derive(Debug, Clone)]
pub(crate) enum Completer {
    /// Nobody knows what it may be.
    Nothing,
    /// It is one of these.
    OneOf(Arc<[String]>),
    /// A function of the author's knows.
    Function(Complete),
}

impl Completions {
    /// Whether any argument can be completed.
    pub(crate) fn any(&self) -> bool {
        self.0.iter().any(|(_, completer)| !matches!(completer, Completer::Nothing))
    }

    pub(crate) fn of(&self, argument: &str) -> Option<&Completer> {
        self.0.iter().find(|(name, _)| *name == argument).map(|(_, completer)| completer)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }
}

/// The values that begin with what was typed, in capital or in small letters.
pub(crate) fn beginning(values: &[String], typed: &str) -> Completion {
    let typed = typed.to_lowercase();
    Completion::new(values.iter().filter(|value| value.to_lowercase().starts_with(&typed)).cloned())
}

/// The completion of an argument. Its `Debug` form has nothing of what was typed.
pub struct ArgumentCompletion {
    pub(crate) of: Completed,
    pub(crate) completer: Completer,
    pub(crate) typed: Typed,
}

impl fmt::Debug for ArgumentCompletion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArgumentCompletion").field("of", &self.of.name()).finish_non_exhaustive()
    }
}

/// Whose argument is completed.
#[derive(Debug)]
pub(crate) enum Completed {
    Prompt(Arc<Prompt>),
    Resource(Arc<Resource>),
}

impl Completed {
    pub(crate) fn definition(&self) -> &Definition {
        match self {
            Self::Prompt(prompt) => &prompt.definition,
            Self::Resource(resource) => &resource.definition,
        }
    }

    /// The name of the prompt, or the template as it was published.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Prompt(prompt) => prompt.name(),
            Self::Resource(resource) => resource.uri(),
        }
    }
}
