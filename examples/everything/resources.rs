//! Resources: text, bytes, and a template.

use mcp::Json;
use serde::Serialize;

use super::PIXEL;

/// A text that does not change.
#[mcp::resource("test://static-text", mime = "text/plain")]
async fn static_text() -> &'static str {
    "This is the content of the static text resource."
}

/// An image that does not change.
#[mcp::resource("test://static-binary", mime = "image/png")]
async fn static_binary() -> &'static [u8] {
    PIXEL
}

#[derive(Serialize)]
struct Data {
    id: String,
    data: String,
}

/// Data for any id.
#[mcp::resource("test://template/{id}/data", mime = "application/json")]
async fn template(id: String) -> Json<Data> {
    let data = format!("Data for ID: {id}");
    Json(Data { id, data })
}

/// A number by its name, which is not always there.
#[mcp::resource("test://number/{name}")]
async fn number(name: String) -> Option<String> {
    match name.as_str() {
        "one" => Some("1".into()),
        _ => None,
    }
}
