//! Tools of every kind.

use std::time::Duration;

use mcp::{Args, Audio, Content, Context, Image, Json, ResourceContents, ToolError};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{PIXEL, SILENCE};

/// Adds two numbers.
#[mcp::tool(read_only, title = "Add")]
async fn add(
    /// First addend.
    a: i64,
    /// Second addend.
    b: i64,
) -> i64 {
    a.saturating_add(b)
}

/// The weather of a city.
#[derive(Serialize, JsonSchema)]
struct Weather {
    /// The city that was asked for.
    city: String,
    /// The temperature in degrees Celsius.
    celsius: f64,
}

/// Tells the weather, which is the same everywhere.
#[mcp::tool(read_only)]
async fn get_weather(
    /// The name of the city.
    city: String,
) -> Json<Weather> {
    Json(Weather { city, celsius: 3.5 })
}

/// Runs a query where it is to be run.
#[mcp::tool(read_only)]
async fn query_region(
    /// The region, which clients repeat in a header so that a gateway can route by it.
    #[arg(header = "Region")]
    region: String,
    /// The shard of the region.
    #[arg(header = "Shard")]
    shard: Option<u32>,
) -> String {
    match shard {
        Some(shard) => format!("asked shard {shard} of {region}"),
        None => format!("asked {region}"),
    }
}

/// Waits as long as it is told.
#[mcp::tool(read_only)]
async fn sleep(
    /// How long, in milliseconds; at most a minute.
    ms: u64,
) -> &'static str {
    tokio::time::sleep(Duration::from_millis(ms.min(60_000))).await;
    "slept"
}

/// Waits in a thread of its own, without being async.
#[mcp::tool(read_only)]
fn block(
    /// How long, in milliseconds; at most a minute.
    ms: u64,
    cx: Context,
) -> &'static str {
    let until = std::time::Instant::now() + Duration::from_millis(ms.min(60_000));
    while std::time::Instant::now() < until && !cx.is_cancelled() {
        std::thread::sleep(Duration::from_millis(5));
    }
    "blocked"
}

/// Panics, which a server must survive.
#[mcp::tool]
async fn panic() -> String {
    panic!("the panic tool was called")
}

/// Prints to standard output, which a server over stdio must survive.
#[mcp::tool]
#[allow(clippy::print_stdout, reason = "that is what it is for")]
async fn print() -> &'static str {
    println!("this was printed by a tool");
    "printed"
}

/// Gives a line of text.
#[mcp::tool]
async fn test_simple_text() -> &'static str {
    "This is a simple text response for testing."
}

/// Gives an image.
#[mcp::tool]
async fn test_image_content() -> Image {
    Image::png(PIXEL)
}

/// Gives a short sound.
#[mcp::tool]
async fn test_audio_content() -> Audio {
    Audio::wav(SILENCE)
}

/// Gives a resource.
#[mcp::tool]
async fn test_embedded_resource() -> ResourceContents {
    let text = "This is an embedded resource content.";
    ResourceContents::text(text).uri("test://embedded-resource").mime("text/plain")
}

/// Gives content of several kinds.
#[mcp::tool]
async fn test_multiple_content_types() -> [Content; 3] {
    let resource = ResourceContents::text(r#"{"test":"data","value":123}"#);
    [
        "Multiple content types test:".into(),
        Image::png(PIXEL).into(),
        resource.uri("test://mixed-content-resource").mime("application/json").into(),
    ]
}

/// Fails, as it should.
#[mcp::tool]
async fn test_error_handling() -> Result<String, String> {
    Err("This tool intentionally returns an error for testing".into())
}

/// Fails in a way that the model can act on.
#[mcp::tool]
async fn busy() -> Result<String, ToolError> {
    Err(ToolError::transient("the queue is full").retry_after(Duration::from_secs(5)))
}

/// Tells how far it has come.
#[mcp::tool]
async fn test_tool_with_progress(cx: Context) -> &'static str {
    for done in [0.0, 50.0, 100.0] {
        cx.progress((done, 100.0));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    "done"
}

/// Somebody who can be reached one way or the other, with a schema that no derive could write.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Contact {
    name: Option<String>,
    address: Option<Address>,
    contact_method: Option<String>,
    phone: Option<String>,
    email: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    city: Option<String>,
}

impl JsonSchema for Contact {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Contact".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "$defs": {
                "address": {
                    "$anchor": "addressDef",
                    "type": "object",
                    "properties": {
                        "street": {"type": "string"},
                        "city": {"type": "string"},
                    },
                },
            },
            "properties": {
                "name": {"type": "string", "description": "The name of the person."},
                "address": {"$ref": "#/$defs/address", "description": "Where the person lives."},
                "contactMethod": {
                    "type": "string", "enum": ["phone", "email"], "description": "How the person wants to be reached.",
                },
                "phone": {"type": "string", "description": "The telephone number."},
                "email": {"type": "string", "description": "The address for electronic mail."},
            },
            "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
            "if": {
                "properties": {"contactMethod": {"const": "phone"}},
                "required": ["contactMethod"],
            },
            "then": {"required": ["phone"]},
            "else": {"required": ["email"]},
            "additionalProperties": false,
        })
    }
}

/// Tool with JSON Schema 2020-12 features.
#[mcp::tool]
async fn json_schema_2020_12_tool(Args(contact): Args<Contact>) -> String {
    let name = contact.name.unwrap_or_else(|| "somebody".into());
    let city = contact.address.and_then(|address| address.city).unwrap_or_else(|| "nowhere".into());
    let way = match (contact.contact_method.as_deref(), contact.phone, contact.email) {
        (Some("email"), _, Some(email)) | (_, None, Some(email)) => email,
        (_, Some(phone), _) => phone,
        _ => "no way".into(),
    };
    format!("{name} of {city}: {way}")
}
