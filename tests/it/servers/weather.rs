//! The example `weather`, against services that fail, are slow, answer nonsense, or have enough.

use std::time::{Duration, Instant};

use axum::response::Response;
use serde_json::{Value, json};

use super::{Asked, StandIn, broken, endless, silent, told};
use crate::wire::{Wire, start_in, text};

fn good() -> Response {
    let daily = json!({
        "time": ["2026-11-21", "2026-11-22"], "weather_code": [61, null],
        "temperature_2m_min": [-1.5, 0.0], "temperature_2m_max": [4.0, null],
        "precipitation_sum": [2.2, 0.0], "wind_speed_10m_max": [31.0, 12.5],
    });
    told(200, &[], json!({"timezone": "Europe/Berlin", "daily": daily, "elevation": 38.0}).to_string())
}

/// A service that tells these, one after the other; the last one again and again.
async fn service(all: Vec<fn() -> Response>) -> StandIn {
    StandIn::start(move |Asked { nth, .. }| {
        let response = all[nth.min(all.len() - 1)]();
        async { response }
    })
    .await
}

fn weather(service: &StandIn) -> Wire {
    let environment =
        [("GEOCODING_URL", &*service.url), ("FORECAST_URL", &*service.url), ("NO_PROXY", "127.0.0.1")];
    Wire::of(start_in("weather", &[], &environment))
}

async fn forecast(wire: &mut Wire, latitude: f64) -> Value {
    let arguments = json!({"latitude": latitude, "longitude": 13.41, "days": 2});
    wire.ask(1, "tools/call", json!({"name": "forecast", "arguments": arguments})).await
}

#[tokio::test]
async fn places_have_coordinates_and_coordinates_a_forecast() {
    let service = StandIn::start(|asked: Asked| async move {
        let berlin = json!({
            "id": 2950159, "name": "Berlin", "admin1": "Land Berlin", "country": "Germany", "latitude": 52.52437,
            "longitude": 13.41053, "population": 3426354, "timezone": "Europe/Berlin",
        });
        match &*asked.query {
            "name=K%C3%B6ln+%26+%23+Berlin&count=1" => told(200, &[], json!({"results": [berlin]}).to_string()),
            "name=Atlantis&count=5" => told(200, &[], json!({"generationtime_ms": 0.4}).to_string()),
            _ => good(),
        }
    })
    .await;
    let mut wire = weather(&service);
    wire.initialize().await;
    let call = json!({"name": "find_places", "arguments": {"name": "Köln & # Berlin", "count": 1}});
    let berlin = json!({
        "name": "Berlin", "region": "Land Berlin", "country": "Germany", "latitude": 52.52437, "longitude": 13.41053,
        "population": 3426354,
    });
    let found = wire.ask(1, "tools/call", call.clone()).await;
    assert_eq!(found["result"]["structuredContent"], json!([berlin]));
    let found = wire.ask_in_session(2, "tools/call", call).await;
    assert_eq!(serde_json::from_str::<Value>(text(&found)).unwrap(), json!([berlin]));
    let call = json!({"name": "find_places", "arguments": {"name": "Atlantis"}});
    assert_eq!(wire.ask(3, "tools/call", call).await["result"]["structuredContent"], json!([]));

    let days = json!([
        {"date": "2026-11-21", "sky": "rain", "lowest": -1.5, "highest": 4.0, "precipitation": 2.2, "wind": 31.0},
        {"date": "2026-11-22", "sky": "unknown", "lowest": 0.0, "highest": null, "precipitation": 0.0, "wind": 12.5},
    ]);
    let forecast = forecast(&mut wire, 52.524).await;
    assert_eq!(forecast["result"]["structuredContent"], json!({"timezone": "Europe/Berlin", "days": days}));
    let asked = service.asked();
    assert!(
        asked[2].query.starts_with("latitude=52.52&longitude=13.41&forecast_days=2"),
        "{}",
        asked[2].query
    );
}

#[tokio::test]
async fn what_fails_for_a_moment_is_asked_again_and_what_was_answered_is_not() {
    let service = service(vec![
        || told(503, &[], "overloaded"),
        || told(200, &[], broken()),
        || told(200, &[], silent()),
        good,
    ])
    .await;
    let mut wire = weather(&service);
    // All that come meanwhile wait for the same answer.
    for id in 0..20 {
        let arguments = json!({"latitude": 52.5, "longitude": 13.4});
        wire.send(crate::wire::stateless(
            id,
            "tools/call",
            json!({"name": "forecast", "arguments": arguments}),
        ))
        .await;
    }
    for id in 0..20 {
        let answer = wire.answer(&id.into()).await;
        // Three attempts are one call; whoever waited longest is told so.
        assert!(text(&answer).starts_with("weather service did not answer in time"), "{answer}");
    }
    assert_eq!(service.asked().len(), 3);
}

#[tokio::test]
async fn a_slow_attempt_is_given_up_and_what_is_known_is_not_asked_for_again() {
    let service = service(vec![|| told(200, &[], silent()), good]).await;
    let mut wire = weather(&service);
    let begun = Instant::now();
    let first = forecast(&mut wire, 52.5).await;
    assert_eq!(first["result"]["structuredContent"]["timezone"], "Europe/Berlin");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    // A neighbour is told the same.
    for latitude in [52.5, 52.501, 52.4999] {
        assert_eq!(forecast(&mut wire, latitude).await, first);
    }
    assert_eq!(service.asked().len(), 2);
}

#[tokio::test]
async fn whoever_has_enough_is_asked_again_when_he_says_so_or_not_at_all() {
    let service = service(vec![|| told(429, &[("retry-after", "1")], ""), good, || {
        told(429, &[("retry-after", "3600")], "")
    }])
    .await;
    let mut wire = weather(&service);
    let begun = Instant::now();
    assert_eq!(forecast(&mut wire, 1.0).await["result"].get("isError"), None);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let refused = forecast(&mut wire, 2.0).await;
    assert_eq!(text(&refused), "weather service failed (temporary: try again in 3600 s)");
    assert_eq!(refused["result"]["_meta"]["retryAfter"], 3600);
    assert_eq!(service.asked().len(), 3);
}

#[tokio::test]
async fn nonsense_is_no_forecast_and_is_not_asked_for_again() {
    for nonsense in [
        || told(200, &[], "<html>Sign in to the network</html>"),
        || told(200, &[], "{\"daily\": {\"time\": 5}}"),
        || told(200, &[], "[".repeat(200_000)),
        || told(200, &[], endless()),
        || told(204, &[], ""),
        || told(500, &[], endless()),
    ] {
        let service = service(vec![nonsense]).await;
        let failed = forecast(&mut weather(&service), 52.5).await;
        assert_eq!(failed["result"]["isError"], true);
        assert_eq!(text(&failed), "weather service failed (trying again will not help)");
        assert_eq!(service.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_says_what_to_do_better_and_what_is_known_to_be_wrong_is_not_asked() {
    let refusal =
        || told(400, &[], json!({"error": true, "reason": "No data for this location"}).to_string());
    let service = service(vec![refusal]).await;
    let mut wire = weather(&service);
    let refused = forecast(&mut wire, 52.5).await;
    assert_eq!(text(&refused), "the weather service says: No data for this location");
    let wrong = forecast(&mut wire, 91.0).await;
    assert!(text(&wrong).contains("latitude") && text(&wrong).contains("90"), "{wrong}");
    assert_eq!(service.asked().len(), 1);
}

#[tokio::test]
async fn what_is_out_of_order_is_left_alone_for_a_while() {
    let service = service(vec![|| told(502, &[], "")]).await;
    let mut wire = weather(&service);
    let failed = forecast(&mut wire, 1.0).await;
    assert_eq!(text(&failed), "weather service failed (temporary: trying again later may work)");
    let refused = forecast(&mut wire, 2.0).await;
    assert_eq!(text(&refused), "weather service is out of order (temporary: try again in 30 s)");
    assert_eq!(service.asked().len(), 3);
    // The other service is another one: it is asked.
    let call = json!({"name": "find_places", "arguments": {"name": "Berlin"}});
    wire.ask(2, "tools/call", call).await;
    assert_eq!(service.asked().len(), 6);
}

#[tokio::test]
async fn a_service_that_is_not_there_is_said_to_fail_without_its_address() {
    let service = service(vec![good]).await;
    let url = service.url.clone();
    drop(service);
    let environment = [("FORECAST_URL", &*url), ("NO_PROXY", "127.0.0.1")];
    let failed = forecast(&mut Wire::of(start_in("weather", &[], &environment)), 52.5).await;
    assert_eq!(text(&failed), "weather service failed (temporary: trying again later may work)");
    assert!(!failed.to_string().contains("127.0.0.1"));
}
