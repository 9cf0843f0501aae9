//! What a resource may return.

use serde::Serialize;

use super::{Failure, Json};
use crate::BoxError;
use crate::model::{ResourceContents, ResourceResult};

/// What a resource may return: text, bytes, [`Json`], [`ResourceContents`] or several, and `Option` or `Result` of these.
///
/// `None` says that there is no such resource; so does [`Error::resource_not_found`](crate::Error::resource_not_found).
#[diagnostic::on_unimplemented(
    message = "a resource cannot return `{Self}`",
    label = "cannot be sent as the contents of a resource",
    note = "return text (`String`), bytes (`Vec<u8>`), `mcp::Json<…>` of a type that derives `serde::Serialize`, \
            `mcp::ResourceContents` or a `Vec` of them, or a `Result` or `Option` of one of these"
)]
pub trait IntoResourceResult: Sized {
    /// The items; none where there is no such resource.
    fn into_contents(self) -> Vec<ResourceContents>;

    #[doc(hidden)]
    #[allow(private_interfaces, reason = "only this crate calls it or writes it anew")]
    fn into_resource_result(self) -> Result<ResourceResult, Failure> {
        Ok(ResourceResult { contents: self.into_contents(), ..ResourceResult::default() })
    }
}

impl IntoResourceResult for Vec<ResourceContents> {
    fn into_contents(self) -> Vec<ResourceContents> {
        self
    }
}

impl IntoResourceResult for ResourceContents {
    fn into_contents(self) -> Vec<ResourceContents> {
        vec![self]
    }
}

impl IntoResourceResult for String {
    fn into_contents(self) -> Vec<ResourceContents> {
        vec![ResourceContents::text(self)]
    }
}

impl IntoResourceResult for &str {
    fn into_contents(self) -> Vec<ResourceContents> {
        vec![ResourceContents::text(self)]
    }
}

impl IntoResourceResult for Vec<u8> {
    fn into_contents(self) -> Vec<ResourceContents> {
        vec![ResourceContents::bytes(self)]
    }
}

impl IntoResourceResult for &[u8] {
    fn into_contents(self) -> Vec<ResourceContents> {
        vec![ResourceContents::bytes(self)]
    }
}

impl IntoResourceResult for bytes::Bytes {
    fn into_contents(self) -> Vec<ResourceContents> {
        vec![ResourceContents::bytes(self)]
    }
}

impl<T: Serialize> IntoResourceResult for Json<T> {
    fn into_contents(self) -> Vec<ResourceContents> {
        let text = serde_json::to_string(&self.0);
        text.map(|text| vec![ResourceContents::text(text).mime("application/json")]).unwrap_or_default()
    }

    #[allow(private_interfaces, reason = "only this crate calls it or writes it anew")]
    fn into_resource_result(self) -> Result<ResourceResult, Failure> {
        let text = serde_json::to_string(&self.0).map_err(Failure::new)?;
        let contents = vec![ResourceContents::text(text).mime("application/json")];
        Ok(ResourceResult { contents, ..ResourceResult::default() })
    }
}

impl<T: IntoResourceResult> IntoResourceResult for Option<T> {
    fn into_contents(self) -> Vec<ResourceContents> {
        self.map(T::into_contents).unwrap_or_default()
    }

    #[allow(private_interfaces, reason = "only this crate calls it or writes it anew")]
    fn into_resource_result(self) -> Result<ResourceResult, Failure> {
        self.map_or_else(|| Ok(ResourceResult::default()), T::into_resource_result)
    }
}

impl<T: IntoResourceResult, E: Into<BoxError> + 'static> IntoResourceResult for Result<T, E> {
    fn into_contents(self) -> Vec<ResourceContents> {
        self.map(T::into_contents).unwrap_or_default()
    }

    #[allow(private_interfaces, reason = "only this crate calls it or writes it anew")]
    fn into_resource_result(self) -> Result<ResourceResult, Failure> {
        self.map_err(Failure::new)?.into_resource_result()
    }
}
