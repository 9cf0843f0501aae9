//! API keys, over HTTP.

use std::time::Duration;

use mcp::auth::{ApiKeyError, ApiKeys, Either, Jwt};
use mcp::http::Exposure;
use serde_json::{Value, json};

use super::issuer::Issuer;
use super::{Served, pass, serve, text, who};
use crate::http::{post, post_raw};
use crate::wire::stateless;

const KEY: &str = "sk-0123456789abcdef";
const NEXT: &str = "sk-fedcba9876543210";

fn message() -> Value {
    stateless(1, "tools/call", json!({"name": "who"}))
}

/// What somebody is told who shows a key.
async fn shown(served: &Served, header: &str, value: &str) -> Result<String, u16> {
    let answer = post(&served.url, &message(), &[(header, Some(value))]).await;
    if answer.status == 200 { Ok(text(&answer.body).to_owned()) } else { Err(answer.status) }
}

#[tokio::test]
async fn whoever_shows_his_key_is_who_he_is_and_nobody_else_is_let_in() {
    let keys = ApiKeys::new().key("nightly", KEY, ["orders:read"]).key("ci", NEXT, [""; 0]);
    let served = serve(|_| keys.clone().into(), |builder| builder).await;
    let bearer = |key: &str| format!("Bearer {key}");
    assert_eq!(
        shown(&served, "authorization", &bearer(KEY)).await,
        Ok("nightly by nothing may orders:read".into())
    );
    assert_eq!(shown(&served, "authorization", &bearer(NEXT)).await, Ok("ci by nothing may ".into()));
    for wrong in [&KEY[1..], &format!("{KEY}0"), &KEY.to_uppercase(), "nightly", "x"] {
        assert_eq!(shown(&served, "authorization", &bearer(wrong)).await, Err(401), "{wrong}");
    }
    let refused = post(&served.url, &message(), &[]).await;
    assert_eq!((refused.status, &refused.headers["www-authenticate"]), (401, &"Bearer".parse().unwrap()));
    // In another header than the one that was said it is no key.
    assert_eq!(shown(&served, "x-api-key", KEY).await, Err(401));
    let metadata = served.url.replace("/mcp", "/.well-known/oauth-protected-resource");
    assert_eq!(crate::http::send(&metadata, "GET", &[], "").await.status, 404, "there is no issuer to name");
}

#[tokio::test]
async fn a_key_stands_in_the_header_that_was_chosen_and_there_once() {
    let keys = ApiKeys::new().header("X-Api-Key").key("nightly", KEY, [""; 0]);
    let served = serve(|_| keys.into(), |builder| builder).await;
    assert_eq!(shown(&served, "x-api-key", KEY).await, Ok("nightly by nothing may ".into()));
    assert_eq!(shown(&served, "authorization", &format!("Bearer {KEY}")).await, Err(401));
    let twice = [("x-api-key", KEY), ("x-api-key", KEY)];
    assert_eq!(post_raw(&served.url, &message(), message().to_string(), &twice).await.status, 400);
}

#[tokio::test]
async fn every_key_that_may_be_given_may_be_shown() {
    let key = "!#$%&'()*,:;<>?@[]^`{|}";
    let served = serve(|_| ApiKeys::new().key("nightly", key, [""; 0]).into(), |builder| builder).await;
    let bearer = format!("bearer  {key}");
    assert_eq!(shown(&served, "authorization", &bearer).await, Ok("nightly by nothing may ".into()));
    assert_eq!(shown(&served, "authorization", "Bearer a b").await, Err(400));
}

#[tokio::test]
async fn an_old_key_is_good_for_the_grace_period_and_no_longer() {
    let keys = ApiKeys::new().header("x-api-key").key("nightly", KEY, ["a"]);
    let served = serve(|_| keys.clone().into(), |builder| builder).await;
    keys.rotate("nightly", NEXT).unwrap();
    for key in [KEY, NEXT] {
        assert_eq!(shown(&served, "x-api-key", key).await, Ok("nightly by nothing may a".into()));
    }
    // Five minutes, where nothing else was said.
    pass(Duration::from_secs(290)).await;
    assert!(shown(&served, "x-api-key", KEY).await.is_ok());
    pass(Duration::from_secs(11)).await;
    assert_eq!(shown(&served, "x-api-key", KEY).await, Err(401));
    assert!(shown(&served, "x-api-key", NEXT).await.is_ok());

    // A second rotation ends the oldest at once, and a revocation all of them.
    let (third, fourth) = ("sk-third-0123456789", "sk-fourth-0123456789");
    keys.rotate("nightly", third).unwrap();
    keys.rotate("nightly", fourth).unwrap();
    assert_eq!(shown(&served, "x-api-key", NEXT).await, Err(401));
    assert!(shown(&served, "x-api-key", third).await.is_ok());
    assert!(keys.revoke("nightly") && !keys.revoke("nightly"));
    for key in [third, fourth] {
        assert_eq!(shown(&served, "x-api-key", key).await, Err(401));
    }
    assert_eq!(keys.rotate("nightly", NEXT), Err(ApiKeyError::Unknown { name: "nightly".into() }));
}

#[tokio::test]
async fn keys_and_tokens_stand_beside_each_other() {
    let issuer = Issuer::start().await;
    let served = serve(
        |url| {
            let keys = ApiKeys::new().header("x-api-key").key("nightly", KEY, [""; 0]);
            Either::new(keys, Jwt::new(&*issuer.url, url)).into()
        },
        |builder| builder,
    )
    .await;
    let token = format!("Bearer {}", issuer.token(&served.url, "a"));
    assert_eq!(shown(&served, "x-api-key", KEY).await, Ok("nightly by nothing may ".into()));
    assert_eq!(shown(&served, "authorization", &token).await, Ok("ada by app may a".into()));
    let refused = post(&served.url, &message(), &[("x-api-key", Some("sk-wrong-0123456789"))]).await;
    let challenge = refused.headers["www-authenticate"].to_str().unwrap();
    assert!(refused.status == 401 && challenge.contains("resource_metadata="), "{challenge}");
}

#[test]
fn keys_that_are_not_safe_do_not_build_and_are_not_repeated() {
    let built = |keys: ApiKeys| {
        let exposure = Exposure::public(["mcp.example.com"], [""; 0], keys);
        let built = mcp::server!().explicit().tool::<who>().exposure(exposure).build();
        built.map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(built(ApiKeys::new().key("ci", KEY, [""; 0])), Ok(()));
    for (keys, said) in [
        (ApiKeys::new(), "there is no API key"),
        (ApiKeys::new().key("ci", "hunter2", [""; 0]), "the API key of \"ci\" must have 16 characters"),
        (ApiKeys::new().key("ci", format!("{KEY} hunter2"), [""; 0]), "without spaces"),
        (ApiKeys::new().key("", KEY, [""; 0]), "somebody with a name"),
        (ApiKeys::new().key("ci", KEY, ["a b"]), "\"a b\", which \"ci\" is to have, is not a scope"),
        (ApiKeys::new().header("x api key").key("ci", KEY, [""; 0]), "not the name of a header"),
    ] {
        let problem = built(keys).unwrap_err();
        assert!(problem.contains(said), "{said}: {problem}");
        assert!(!problem.contains("hunter2") && !problem.contains(KEY), "{problem}");
    }
    let keys = ApiKeys::new().key("ci", KEY, [""; 0]);
    assert!(matches!(keys.rotate("ci", "short"), Err(ApiKeyError::Unusable { .. })));
    assert!(!format!("{keys:?}").contains("0123"));
    assert!(matches!(ApiKeys::from_env("MCP_TEST_NO_SUCH"), Err(ApiKeyError::Environment { .. })));
}
