//! Tokens and keys as an attacker would have them.

use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::issuer::{Issuer, Manner, Signer, encoded, now};
use super::{serve_jwt, text};
use crate::http::{post_raw, send};
use crate::wire::stateless;

#[tokio::test]
async fn a_token_that_says_anything_wrong_is_refused_and_the_reason_is_told() {
    let issuer = Issuer::start().await;
    let served = serve_jwt(&issuer, |jwt| jwt).await;
    let day = 24 * 60 * 60;
    for (change, why) in [
        (json!({"aud": "https://other.example.com/mcp"}), "for another server"),
        (json!({"aud": format!("{}/", served.url)}), "for another server"),
        (json!({"aud": served.url.to_uppercase()}), "for another server"),
        (json!({"aud": []}), "for another server"),
        (json!({"aud": null}), "does not say whom it is for"),
        (json!({"aud": {"a": served.url}}), "does not say what a token says"),
        (json!({"iss": "https://evil.example.com"}), "from another issuer"),
        (json!({"iss": format!("{}/", issuer.url)}), "from another issuer"),
        (json!({"iss": [issuer.url]}), "does not say what a token says"),
        (json!({"iss": null}), "from another issuer"),
        (json!({"exp": now() - 31}), "has expired"),
        (json!({"exp": -1}), "has expired"),
        (json!({"exp": "9999999999"}), "does not say what a token says"),
        (json!({"exp": null}), "does not say when it expires"),
        (json!({"nbf": now() + 60}), "does not hold yet"),
        (json!({"iat": now() + 60}), "issued in the future"),
        (json!({"iat": now() - day - 60}), "is too old"),
        (json!({"iat": null}), "does not say when it was issued"),
        (json!({"sub": null}), "who its subject is"),
        (json!({"sub": ""}), "who its subject is"),
        (json!({"sub": 5}), "does not say what a token says"),
    ] {
        let challenge = served.refusal(&issuer.token_but(&served.url, change.clone())).await;
        assert!(
            challenge.contains("error=\"invalid_token\"") && challenge.contains(why),
            "{change}: {challenge}"
        );
    }
    // Within the clocks' leeway, and for all time that a clock can tell.
    for change in [
        json!({"exp": now() - 5}),
        json!({"nbf": now() + 5}),
        json!({"iat": now() + 5}),
        json!({"exp": 1e300}),
        json!({"exp": u64::MAX}),
    ] {
        let token = issuer.token_but(&served.url, change.clone());
        assert_eq!(served.call("who", Some(&token)).await.status, 200, "{change}");
    }
    // A member that stands there twice is read by nobody.
    let claims = issuer.claims(&served.url, "").to_string().replacen('{', "{\"sub\":\"eve\",", 1);
    let claims: Box<serde_json::value::RawValue> = serde_json::from_str(&claims).unwrap();
    let signed = format!("{}.{}", encoded(issuer.head().to_string()), encoded(claims.get()));
    let Signer::Ec(pair) = &issuer.signer else { unreachable!() };
    let signature = pair.sign(&aws_lc_rs::rand::SystemRandom::new(), signed.as_bytes()).unwrap();
    let twice = format!("{signed}.{}", encoded(signature));
    assert!(served.refusal(&twice).await.contains("does not say what a token says"));
}

#[tokio::test]
async fn a_token_that_nobody_signed_is_refused() {
    let issuer = Issuer::with(Signer::rsa()).await;
    let served = serve_jwt(&issuer, |jwt| jwt).await;
    let claims = issuer.claims(&served.url, "orders:read");
    let head = |head: Value| encoded(head.to_string());
    let body = encoded(claims.to_string());
    for name in ["none", "None", "NONE", "nOnE", ""] {
        for signature in ["", "AAAA"] {
            let token = format!("{}.{body}.{signature}", head(json!({"alg": name, "kid": "k1"})));
            let challenge = served.refusal(&token).await;
            assert!(challenge.contains("not signed with an algorithm"), "{name}: {challenge}");
        }
    }
    // The public key, which everybody has, taken for a shared secret.
    let public = issuer.signer.public("k1");
    let secrets: Vec<Vec<u8>> = vec![
        issuer.signer.public_bytes(),
        public["n"].as_str().unwrap().into(),
        public.to_string().into_bytes(),
        Vec::new(),
    ];
    for secret in secrets {
        let signed = format!("{}.{body}", head(json!({"alg": "HS256", "kid": "k1"})));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed.as_bytes());
        let challenge = served.refusal(&format!("{signed}.{}", encoded(tag))).await;
        assert!(challenge.contains("not signed with an algorithm"), "{challenge}");
    }
    // Another's key under a known name, and a known name for another's algorithm.
    for signer in [Signer::rsa(), Signer::ec()] {
        let head = json!({"alg": signer.algorithm(), "kid": "k1"});
        served.refusal(&signer.sign(&head, &claims)).await;
    }
    // RS256 is what the key is for, and PS256 is not.
    let good = issuer.token(&served.url, "");
    let parts: Vec<_> = good.split('.').collect();
    for token in [
        format!("{}.{}.{}", head(json!({"alg": "PS256", "kid": "k1"})), parts[1], parts[2]),
        format!("{}.{body}.{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{good}.{}", parts[2]),
        format!("{good}="),
        format!("{good}AAAA"),
        "..".into(),
        ".".into(),
        "a".into(),
    ] {
        served.refusal(&token).await;
    }
    assert_eq!(served.call("who", Some(&good)).await.status, 200);
}

#[tokio::test]
async fn what_a_token_says_of_keys_is_not_fetched_nor_believed() {
    let issuer = Issuer::start().await;
    let evil = Issuer::start().await;
    let served = serve_jwt(&issuer, |jwt| jwt.fetch_every(Duration::from_secs(600))).await;
    assert_eq!(served.call("who", Some(&issuer.token(&served.url, ""))).await.status, 200);
    let claims = issuer.claims(&served.url, "");
    let keys = format!("{}/keys", evil.url);
    for more in [
        json!({"kid": keys}),
        json!({"kid": "../../../../dev/null"}),
        json!({"kid": "k1' OR '1'='1"}),
        json!({"kid": "x".repeat(4000)}),
        json!({"jku": keys}),
        json!({"x5u": keys}),
        json!({"jwk": evil.signer.public("k1")}),
        json!({"kid": null}),
        json!({"kid": 5}),
    ] {
        let mut head = json!({"alg": "ES256", "kid": "k1"});
        for (name, value) in more.as_object().unwrap() {
            head[name] = value.clone();
        }
        served.refusal(&evil.signer.sign(&head, &claims)).await;
    }
    assert_eq!((evil.asked(), issuer.asked()), (0, 1));
    for (member, value) in
        [("crit", json!(["exp"])), ("typ", json!("logout+jwt")), ("typ", json!("dpop+jwt"))]
    {
        let mut head = issuer.head();
        head[member] = value;
        served.refusal(&issuer.signer.sign(&head, &claims)).await;
    }
    // Without a name it is the one key that there is.
    let nameless = issuer.signer.sign(&json!({"alg": "ES256"}), &claims);
    assert_eq!(served.call("who", Some(&nameless)).await.status, 200);
}

#[tokio::test]
async fn credentials_that_cannot_be_understood_are_a_bad_request() {
    let issuer = Issuer::start().await;
    let served = serve_jwt(&issuer, |jwt| jwt).await;
    let message = stateless(1, "tools/call", json!({"name": "who"}));
    let good = format!("Bearer {}", issuer.token(&served.url, ""));
    let huge = format!("Bearer {}", "x".repeat(20_000));
    for (what, headers, status) in [
        ("two tokens", vec![("authorization", &*good), ("authorization", &*good)], 400),
        ("no token", vec![("authorization", "Bearer ")], 401),
        ("spaces", vec![("authorization", "Bearer a b")], 400),
        ("quotes", vec![("authorization", "Bearer \"a\"")], 400),
        ("a huge token", vec![("authorization", &*huge)], 400),
        ("another scheme", vec![("authorization", "Basic YWRhOmFkYQ==")], 401),
        ("no scheme", vec![("authorization", "token")], 401),
    ] {
        let answer = post_raw(&served.url, &message, message.to_string(), &headers).await;
        let challenge =
            answer.headers.get("www-authenticate").map(|it| it.to_str().unwrap()).unwrap_or_default();
        // A scheme without a token may be either.
        assert!(
            answer.status == status || what == "no token" && answer.status == 400,
            "{what}: {}",
            answer.status
        );
        assert!(challenge.starts_with("Bearer "), "{what}: {challenge}");
    }
    let lower = good.replacen("Bearer", "bEARER", 1);
    let answer = post_raw(&served.url, &message, message.to_string(), &[("authorization", &lower)]).await;
    assert_eq!(text(&answer.body), "ada by app may ");
}

#[tokio::test]
async fn an_issuer_that_answers_badly_lets_nobody_in_and_holds_nobody_up() {
    for manner in [
        Manner::NoJson,
        Manner::Huge,
        Manner::Endless,
        Manner::Redirect,
        Manner::AnothersName,
        Manner::NoKeys,
        Manner::Silent,
    ] {
        let issuer = Issuer::start().await;
        issuer.behaves(manner);
        let served = serve_jwt(&issuer, |jwt| jwt.fetch_every(Duration::from_secs(60))).await;
        let token = issuer.token(&served.url, "");
        let begun = Instant::now();
        let answer = served.call("who", Some(&token)).await;
        assert_eq!(
            (answer.status, &answer.headers["retry-after"]),
            (503, &"60".parse().unwrap()),
            "{manner:?}"
        );
        assert!(begun.elapsed() < Duration::from_secs(15), "{manner:?}: {:?}", begun.elapsed());
        // Nobody else waits for the same.
        let begun = Instant::now();
        assert_eq!(served.call("who", Some(&token)).await.status, 503, "{manner:?}");
        assert!(begun.elapsed() < Duration::from_secs(3), "{manner:?}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_silent_issuer_delays_no_token_whose_key_is_known() {
    let issuer = Issuer::start().await;
    let served = serve_jwt(&issuer, |jwt| jwt.keys_for(Duration::ZERO, Duration::from_secs(600))).await;
    let token = issuer.token(&served.url, "");
    assert_eq!(served.call("who", Some(&token)).await.status, 200);
    issuer.behaves(Manner::Silent);
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(served.call("who", Some(&token)).await.status, 200);
    }
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_thousand_unknown_keys_are_asked_for_once() {
    let issuer = Issuer::start().await;
    let served = serve_jwt(&issuer, |jwt| jwt.fetch_every(Duration::from_secs(600))).await;
    let claims = issuer.claims(&served.url, "");
    let tokens = (0..1000).map(|n| {
        let head = json!({"alg": "ES256", "kid": format!("unknown-{n}")});
        format!("Bearer {}", issuer.signer.sign(&head, &claims))
    });
    let headers: Vec<String> = tokens.collect();
    for some in headers.chunks(100) {
        let all = some
            .iter()
            .map(async |header| send(&served.url, "POST", &[("authorization", header)], "{}").await);
        for answer in futures::future::join_all(all).await {
            assert_eq!(answer.status, 401);
        }
    }
    assert_eq!(issuer.asked(), 1);
    assert_eq!(served.call("who", Some(&issuer.token(&served.url, ""))).await.status, 200);
}
