//! The weather, as Open-Meteo forecasts it: places by their names, and what is coming there.
//!
//! `cargo run --example weather -- call find_places name=Berlin` asks once; without arguments it serves standard input and
//! output. `GEOCODING_URL` and `FORECAST_URL` name other services that answer alike.

use std::fmt;
use std::time::Duration;

use mcp::{Cached, Context, Json, State, ToolError, Upstream, UpstreamError, Verdict};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const GEOCODING: &str = "https://geocoding-api.open-meteo.com/v1/search";
const FORECAST: &str = "https://api.open-meteo.com/v1/forecast";
/// No answer is longer, in bytes.
const LONGEST: usize = 256 << 10;

/// A place on earth.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct Place {
    name: String,
    #[serde(alias = "admin1")]
    region: Option<String>,
    country: Option<String>,
    latitude: f64,
    longitude: f64,
    population: Option<u64>,
}

/// What is coming.
#[derive(Serialize, JsonSchema)]
struct Forecast {
    /// The time zone that the dates are of.
    timezone: String,
    days: Vec<Day>,
}

#[derive(Serialize, JsonSchema)]
struct Day {
    date: String,
    sky: &'static str,
    /// In degrees Celsius.
    lowest: Option<f64>,
    /// In degrees Celsius.
    highest: Option<f64>,
    /// Rain and snow, in millimetres.
    precipitation: Option<f64>,
    /// The strongest wind, in km/h.
    wind: Option<f64>,
}

/// Finds places by their name, the likeliest first.
#[mcp::tool(read_only, open_world)]
async fn find_places(
    /// A town, a region or a postal code.
    #[arg(length = 2..=100, example = "Berlin")]
    name: String,
    #[arg(default = 5, range = 1..=20)] count: u8,
    places: State<Service<Places>>,
    cx: Context,
) -> Result<Json<Vec<Place>>, ToolError> {
    let found = places.get(vec![("name", name), ("count", count.to_string())], &cx).await?;
    Ok(Json(found.results))
}

/// Forecasts the weather of a place, from today on.
#[mcp::tool(read_only, open_world)]
async fn forecast(
    /// As find_places gives it.
    #[arg(range = -90.0..=90.0)]
    latitude: f64,
    /// As find_places gives it.
    #[arg(range = -180.0..=180.0)]
    longitude: f64,
    #[arg(default = 3, range = 1..=16)] days: u8,
    forecasts: State<Service<Forecasts>>,
    cx: Context,
) -> Result<Json<Forecast>, ToolError> {
    let query = vec![
        // A hundredth of a degree is a kilometre; neighbours share a forecast.
        ("latitude", format!("{latitude:.2}")),
        ("longitude", format!("{longitude:.2}")),
        ("forecast_days", days.to_string()),
        ("timezone", "auto".into()),
        ("daily", Daily::ASKED.into()),
    ];
    let Forecasts { timezone, daily } = forecasts.get(query, &cx).await?;
    Ok(Json(Forecast { timezone, days: daily.days() }))
}

/// What the search for places answers: without results, nothing of them.
#[derive(Clone, Deserialize)]
struct Places {
    #[serde(default)]
    results: Vec<Place>,
}

/// What the forecast answers.
#[derive(Clone, Deserialize)]
struct Forecasts {
    timezone: String,
    daily: Daily,
}

/// A column for each thing that is forecast, a row for each day.
#[derive(Clone, Deserialize)]
struct Daily {
    time: Vec<String>,
    weather_code: Vec<Option<u8>>,
    temperature_2m_min: Vec<Option<f64>>,
    temperature_2m_max: Vec<Option<f64>>,
    precipitation_sum: Vec<Option<f64>>,
    wind_speed_10m_max: Vec<Option<f64>>,
}

impl Daily {
    const ASKED: &str =
        "weather_code,temperature_2m_min,temperature_2m_max,precipitation_sum,wind_speed_10m_max";

    fn days(&self) -> Vec<Day> {
        let at = |column: &[Option<f64>], row: usize| column.get(row).copied().flatten();
        let rows = self.time.iter().enumerate();
        rows.map(|(row, date)| Day {
            date: date.clone(),
            sky: sky(self.weather_code.get(row).copied().flatten()),
            lowest: at(&self.temperature_2m_min, row),
            highest: at(&self.temperature_2m_max, row),
            precipitation: at(&self.precipitation_sum, row),
            wind: at(&self.wind_speed_10m_max, row),
        })
        .collect()
    }
}

/// What a weather code of the WMO means.
fn sky(code: Option<u8>) -> &'static str {
    match code {
        Some(0) => "clear",
        Some(1 | 2) => "partly cloudy",
        Some(3) => "overcast",
        Some(45 | 48) => "fog",
        Some(51..=57) => "drizzle",
        Some(61..=67) => "rain",
        Some(71..=77 | 85 | 86) => "snow",
        Some(80..=82) => "showers",
        Some(95..=99) => "thunderstorm",
        _ => "unknown",
    }
}

/// A service that is asked over HTTP, patiently, and not for what it has just answered.
struct Service<T> {
    http: reqwest::Client,
    url: String,
    upstream: Upstream<Failed>,
    answers: Cached<Query, T, UpstreamError<Failed>>,
}

type Query = Vec<(&'static str, String)>;

impl<T: DeserializeOwned + Clone> Service<T> {
    /// The service at the address that the variable of the environment holds, or else at its usual one.
    fn new(name: &str, variable: &str, usual: &str, lifetime: Duration) -> Self {
        Self {
            http: reqwest::Client::new(),
            url: std::env::var(variable).unwrap_or_else(|_| usual.into()),
            upstream: Upstream::new(name, |failed: &Failed| failed.verdict)
                .attempt_timeout(Duration::from_secs(4)),
            answers: Cached::new(lifetime),
        }
    }

    async fn get(&self, query: Query, cx: &Context) -> Result<T, ToolError> {
        let asking = || self.upstream.call(cx, || self.ask(&query));
        self.answers.get(&query, asking).await.map_err(|error| match error.error() {
            Some(Failed { verdict: Verdict::Refused, why }) => {
                ToolError::invalid_input(format!("the {} says: {why}", self.upstream.name()))
            }
            _ => error.into(),
        })
    }

    async fn ask(&self, query: &Query) -> Result<T, Failed> {
        let mut response = self.http.get(&self.url).query(query).send().await?;
        let (status, verdict) = (response.status(), Verdict::of_http(response.status(), response.headers()));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST {
                return Err(Failed { verdict: Verdict::Failed, why: "its answer is too long".into() });
            }
        }
        if !status.is_success() {
            #[derive(Deserialize)]
            struct Refusal {
                reason: String,
            }
            let why = serde_json::from_slice(&body).map_or(status.to_string(), |told: Refusal| told.reason);
            return Err(Failed { verdict, why });
        }
        serde_json::from_slice(&body)
            .map_err(|error| Failed { verdict: Verdict::Failed, why: error.to_string() })
    }
}

/// Why an attempt gave nothing, and whether another one may give something.
#[derive(Debug)]
struct Failed {
    verdict: Verdict,
    why: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Failed {}

/// The service was not reached, or broke off.
impl From<reqwest::Error> for Failed {
    fn from(error: reqwest::Error) -> Self {
        // What callers ask for stands in the URL, and does not belong in the log.
        let error = error.without_url();
        let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
        let why = causes.last().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
        Self { verdict: Verdict::Transient, why }
    }
}

#[tokio::main]
async fn main() -> mcp::Result<()> {
    let (minutes, day) = (Duration::from_secs(600), Duration::from_secs(24 * 3600));
    mcp::server!()
        .instructions("Find a place first: forecasts are of coordinates.")
        .state(Service::<Places>::new("search for places", "GEOCODING_URL", GEOCODING, day))
        .state(Service::<Forecasts>::new("weather service", "FORECAST_URL", FORECAST, minutes))
        .run()
        .await
}
