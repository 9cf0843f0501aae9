//! A tool whose result a host shows as a page: the extension `io.modelcontextprotocol/ui`.
//!
//! `cargo run --example app -- --http 127.0.0.1:8080` serves it at `/mcp`. A host that knows no apps shows the text.

use mcp::Json;
use schemars::JsonSchema;
use serde::Serialize;

/// The weather of a day.
#[derive(Serialize, JsonSchema)]
struct Weather {
    /// The city that was asked for.
    city: String,
    /// The temperature in degrees Celsius.
    celsius: f64,
    /// The sky in a word.
    sky: &'static str,
}

/// Tells the weather of a city.
#[mcp::tool(read_only, app = "ui://weather/card")]
async fn weather(
    /// The name of the city.
    city: String,
) -> Json<Weather> {
    // There is no weather service here: the same name always has the same weather.
    let seed = city.bytes().fold(0_u32, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    let sky = ["clear", "cloudy", "rainy"][seed as usize % 3];
    Json(Weather { city, celsius: f64::from(seed % 300) / 10.0, sky })
}

/// The page that shows the weather. The host runs it in a frame of its own and sends it the result of the tool.
#[mcp::resource(
    "ui://weather/card",
    mime = "text/html;profile=mcp-app",
    ttl = 3600,
    public,
    meta = { "ui": { "prefersBorder": true } },
)]
async fn card() -> &'static str {
    include_str!("card.html")
}

#[tokio::main]
async fn main() -> mcp::Result<()> {
    mcp::server!().name("weather").run().await
}
