//! A credential for a call outward, as an argument.

use std::fmt;
use std::marker::PhantomData;

use super::{SecretValue, Secrets, audit};
use crate::ToolError;
use crate::handler::{Context, Extract, Needs};

/// Names a credential that functions need for calls of their own: see [`Secret`].
pub trait Credential: Send + Sync + 'static {
    /// What it is called where it comes from: the variable in the environment, or the file.
    const NAME: &'static str;
}

/// A credential for a call to somebody else, such as the token for an API.
///
/// It comes from the environment or a file, or from [`ServerBuilder::secrets`](crate::ServerBuilder::secrets), and is asked for at
/// each call: a new one is taken without a restart. That there is one is checked when the server is built. Who took it, in which
/// function, is told on the `tracing` target `mcp::audit`.
///
/// Its value is not shown by `Debug`, has no `Display`, is overwritten in memory when nobody holds it any more, and is taken out of
/// whatever the server's functions give and of their errors, from its first use on, by being compared. So it is taken out of what
/// another function gives too; a value of less than 6 bytes is not, which would be a part of other words.
///
/// ```
/// use mcp::{Credential, Secret, SecretValue, ToolError};
///
/// struct WeatherKey;
///
/// impl Credential for WeatherKey {
///     const NAME: &'static str = "WEATHER_API_KEY";
/// }
///
/// /// Tells the temperature.
/// #[mcp::tool(read_only)]
/// async fn temperature(city: String, key: Secret<WeatherKey>) -> Result<f64, ToolError> {
///     ask(&city, key.expose()).await
/// }
/// # async fn ask(_: &str, key: &str) -> Result<f64, ToolError> { assert_eq!(key, "secret"); Ok(3.5) }
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let key = Secret::new(SecretValue::new("secret"));
/// assert_eq!(format!("{key:?}"), "Secret(WEATHER_API_KEY)");
/// assert_eq!(temperature("Berlin".into(), key).await?, 3.5);
/// # Ok::<_, ToolError>(())
/// # }).unwrap();
/// ```
pub struct Secret<C> {
    value: SecretValue,
    credential: PhantomData<fn() -> C>,
}

impl<C: Credential> Secret<C> {
    /// A secret of its own, for calling a function directly.
    pub fn new(value: SecretValue) -> Self {
        Self { value, credential: PhantomData }
    }

    /// Its text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        self.value.expose()
    }

    /// Its value, to keep.
    pub fn value(&self) -> SecretValue {
        self.value.clone()
    }
}

impl<C> Clone for Secret<C> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), credential: PhantomData }
    }
}

impl<C: Credential> fmt::Debug for Secret<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", C::NAME)
    }
}

impl<C: Credential> Extract for Secret<C> {
    const SAME_FOR_ALL: bool = true;

    fn needs(needs: &mut Needs<'_>) {
        needs.0.credentials.push(C::NAME);
    }

    async fn extract(cx: &Context) -> Result<Self, ToolError> {
        let unset =
            || ToolError::fatal("the server is not set up for this: a credential of its own is missing");
        let secrets = cx.state::<Secrets>().ok_or_else(unset)?;
        let mut found = None;
        for source in secrets.sources() {
            match source.get(C::NAME).await {
                Ok(value) => found = value,
                Err(error) => tracing::error!(secret = C::NAME, %error, "a secret could not be read"),
            }
            if found.is_some() {
                break;
            }
        }
        audit::taken(C::NAME, cx, found.is_some());
        let value = found.ok_or_else(|| {
            tracing::error!(secret = C::NAME, "no source has this secret any more");
            unset()
        })?;
        secrets.known.add(C::NAME, &value);
        cx.facts().knows(&secrets.known);
        Ok(Self::new(value))
    }
}
