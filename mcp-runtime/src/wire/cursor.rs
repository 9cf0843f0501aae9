//! Where a page of a list begins: behind the item that the cursor names. So a cursor stays good when items come and go.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::model::ListingKind;

/// The cursor that stands for "behind this item".
pub(super) fn write(kind: ListingKind, last: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {last}", kind.method()))
}

/// The item that a cursor stands for; `None` where no list of this kind ever gave it out.
pub(super) fn read(kind: ListingKind, cursor: &str) -> Option<Box<str>> {
    let decoded = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    Some(decoded.strip_prefix(kind.method())?.strip_prefix(' ')?.into())
}
