//! Functions that complete what a user types.

use std::pin::Pin;

use super::{Context, Failure};
use crate::BoxError;
use crate::model::{Completion, Typed};

/// A completion that is being made.
pub type Completing = Pin<Box<dyn Future<Output = Completed> + Send>>;

/// How a completion ended.
#[derive(Debug)]
pub struct Completed(pub(crate) Result<Completion, Failure>);

/// A function that completes an argument: `async fn(Typed) -> …` or `async fn(Typed, Context) -> …`, which returns texts,
/// or a [`Completion`], or a `Result` of these.
///
/// It is named in `#[arg(complete = path)]`; its values are sent in the order and as they are given.
///
/// ```
/// # use mcp::{Context, Typed};
/// struct Db;
/// # impl Db {
/// #     async fn services(&self, prefix: &str) -> std::io::Result<Vec<String>> { Ok(vec![prefix.into()]) }
/// # }
///
/// async fn services(typed: Typed, cx: Context) -> std::io::Result<Vec<String>> {
///     match cx.state::<Db>() {
///         Some(db) => db.services(&typed).await,
///         None => Ok(vec![]),
///     }
/// }
///
/// /// The log of a service.
/// #[mcp::resource("logs://{service}")]
/// async fn log(#[arg(complete = services)] service: String) -> String {
///     format!("the log of {service}")
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "this function cannot complete an argument",
    label = "not a function that completes",
    note = "write `async fn name(typed: mcp::Typed) -> Vec<String>`, or with `cx: mcp::Context` as a second argument",
    note = "it may also return `mcp::Completion`, or a `Result` of one of these"
)]
pub trait Complete<M>: Send + 'static {
    #[doc(hidden)]
    fn complete(self, typed: Typed, cx: Context) -> Completing;
}

#[diagnostic::do_not_recommend]
impl<F, R, T> Complete<(Typed, T)> for F
where
    F: Fn(Typed) -> R + Send + 'static,
    R: Future<Output = T> + Send + 'static,
    T: IntoCompletion,
{
    fn complete(self, typed: Typed, _: Context) -> Completing {
        let completing = self(typed);
        Box::pin(async move { Completed(completing.await.into_completion()) })
    }
}

#[diagnostic::do_not_recommend]
impl<F, R, T> Complete<(Typed, Context, T)> for F
where
    F: Fn(Typed, Context) -> R + Send + 'static,
    R: Future<Output = T> + Send + 'static,
    T: IntoCompletion,
{
    fn complete(self, typed: Typed, cx: Context) -> Completing {
        let completing = self(typed, cx);
        Box::pin(async move { Completed(completing.await.into_completion()) })
    }
}

/// What a function that completes may return: a `Vec` or an array of texts, [`Completion`], or a `Result` of these.
pub trait IntoCompletion {
    #[doc(hidden)]
    #[allow(private_interfaces, reason = "only this crate calls it")]
    fn into_completion(self) -> Result<Completion, Failure>;
}

impl IntoCompletion for Completion {
    #[allow(private_interfaces, reason = "only this crate calls it")]
    fn into_completion(self) -> Result<Completion, Failure> {
        Ok(self)
    }
}

impl<T: Into<String>> IntoCompletion for Vec<T> {
    #[allow(private_interfaces, reason = "only this crate calls it")]
    fn into_completion(self) -> Result<Completion, Failure> {
        Ok(Completion::new(self))
    }
}

impl<T: Into<String>, const N: usize> IntoCompletion for [T; N] {
    #[allow(private_interfaces, reason = "only this crate calls it")]
    fn into_completion(self) -> Result<Completion, Failure> {
        Ok(Completion::new(self))
    }
}

impl<T: IntoCompletion, E: Into<BoxError> + 'static> IntoCompletion for Result<T, E> {
    #[allow(private_interfaces, reason = "only this crate calls it")]
    fn into_completion(self) -> Result<Completion, Failure> {
        self.map_err(Failure::new)?.into_completion()
    }
}
