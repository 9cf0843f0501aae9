//! Who is let in over HTTP, and who is not: tokens of an issuer that signs them here, its keys fetched over HTTP.

mod api_keys;
mod fair;
mod hostile;
pub mod issuer;
pub mod orders;
mod proxies;
mod scopes;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::TokioExecutor;
use mcp::auth::{Either, Jwt};
use mcp::http::Exposure;
use mcp::{Claims, Headers, Principal, Server, ServerBuilder};
use serde_json::{Value, json};

use crate::http::{Answer, post, send};
use crate::record::Client;
use crate::wire::{STATEFUL, headers_of, stateless, text};
use issuer::{Issuer, Manner};

/// Says who calls.
#[mcp::tool]
async fn who(principal: Principal) -> String {
    let scopes: Vec<_> = principal.scopes().collect();
    format!(
        "{} by {} may {}",
        principal.subject().unwrap_or("nobody"),
        principal.client().unwrap_or("nothing"),
        scopes.join(" ")
    )
}

/// Tells everything that it can find out of the request.
#[mcp::tool]
async fn tell_all(headers: Headers, principal: Principal, cx: mcp::Context) -> String {
    let claims: Option<Result<Value, _>> = principal.claims();
    format!("{headers:?} {principal:?} {claims:?} {cx:?}")
}

#[derive(serde::Deserialize)]
struct Employee {
    department: String,
}

/// Tells the caller's department.
#[mcp::tool]
async fn department(Claims(employee): Claims<Employee>) -> String {
    employee.department
}

/// Reads orders.
#[mcp::tool(read_only, scopes("orders:read"))]
async fn read_orders() -> &'static str {
    "orders"
}

/// Writes an order.
#[mcp::tool(scopes("orders:read", "orders:write"))]
async fn write_order() -> &'static str {
    "written"
}

/// A server, and its URL, which is the resource that tokens are for.
struct Served {
    url: String,
}

/// Serves with the authentication that is made for its URL.
async fn serve(
    expose: impl FnOnce(&str) -> mcp::http::Authentication,
    add: impl FnOnce(ServerBuilder) -> ServerBuilder,
) -> Served {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let builder = mcp::server!().explicit().tool::<who>().tool::<tell_all>().tool::<department>();
    let builder = builder.tool::<read_orders>().tool::<write_order>();
    let exposure = Exposure::public(["127.0.0.1"], [""; 0], expose(&url));
    let server: Server = add(builder.exposure(exposure)).build().unwrap();
    tokio::spawn(async move { server.serve_http_on(listener, std::future::pending()).await });
    Served { url }
}

async fn serve_jwt(issuer: &Issuer, change: impl FnOnce(Jwt) -> Jwt) -> Served {
    let jwt = |url: &str| {
        change(Jwt::new(&*issuer.url, url).scopes(["orders:read"]).fetch_every(Duration::ZERO)).into()
    };
    serve(jwt, |builder| builder).await
}

/// Lets time pass for the server.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

impl Served {
    async fn call(&self, tool: &str, token: Option<&str>) -> Answer {
        let message = stateless(1, "tools/call", json!({"name": tool}));
        let bearer = token.map(|token| format!("Bearer {token}"));
        post(&self.url, &message, &[("authorization", bearer.as_deref())]).await
    }

    /// Whether, and why, a token is refused.
    async fn refusal(&self, token: &str) -> String {
        let answer = self.call("who", Some(token)).await;
        let challenge = answer.headers.get("www-authenticate").map(|it| it.to_str().unwrap().to_owned());
        assert_eq!(answer.status, 401, "{challenge:?} {}", answer.body);
        challenge.unwrap()
    }
}

/// Asks for what is no message of the protocol, so it is not kept among these.
async fn fetch(url: &str, method: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let client = Hyper::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let (head, body) = client.request(request.body(Full::default()).unwrap()).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Answer { status: head.status.as_u16(), headers: head.headers, body }
}

#[tokio::test]
async fn whoever_has_no_token_is_told_where_to_get_one_and_can() {
    let issuer = Issuer::start().await;
    let served = serve_jwt(&issuer, |jwt| jwt.published(|resource| resource.name("Orders"))).await;
    let refused = served.call("who", None).await;
    let origin = served.url.trim_end_matches("/mcp");
    let at = format!("{origin}/.well-known/oauth-protected-resource/mcp");
    let challenge = format!("Bearer resource_metadata=\"{at}\", scope=\"orders:read\"");
    assert_eq!((refused.status, refused.headers["www-authenticate"].to_str().unwrap()), (401, &*challenge));

    for at in [at, format!("{origin}/.well-known/oauth-protected-resource")] {
        // A page may ask, too, and names a version.
        let metadata = fetch(&at, "GET", &[("origin", "https://inspector.example.com")]).await;
        assert_eq!(
            (metadata.status, &metadata.headers["content-type"]),
            (200, &"application/json".parse().unwrap())
        );
        assert_eq!(metadata.headers["access-control-allow-origin"], "*");
        assert_eq!(
            metadata.body,
            json!({
                "resource": served.url, "authorization_servers": [issuer.url], "scopes_supported": ["orders:read"],
                "bearer_methods_supported": ["header"], "resource_name": "Orders",
            })
        );
        assert_eq!(fetch(&at, "OPTIONS", &[]).await.status, 204);
        assert_eq!(fetch(&at, "POST", &[]).await.status, 405);
    }
    let elsewhere = format!("{origin}/.well-known/oauth-protected-resource/other");
    assert_eq!(fetch(&elsewhere, "GET", &[]).await.status, 404);

    let token = issuer.token(&served.url, "orders:read a b");
    let answer = served.call("who", Some(&token)).await;
    assert_eq!(text(&answer.body), "ada by app may a b orders:read");
    assert_eq!(text(&served.call("department", Some(&token)).await.body), "engines");
    assert_eq!(issuer.asked(), 1, "keys are kept");
}

#[tokio::test]
async fn claims_that_a_token_lacks_are_not_made_up() {
    let issuer = Issuer::start().await;
    let served = serve_jwt(&issuer, |jwt| jwt).await;
    let token = issuer.token_but(&served.url, json!({"department": null}));
    let answer = served.call("department", Some(&token)).await;
    assert_eq!(answer.body["result"]["isError"], true);
    assert_eq!(
        text(&answer.body),
        "the caller's token does not say what this needs to know (trying again will not help)"
    );
}

#[tokio::test]
async fn every_way_in_asks_for_the_token() {
    let issuer = Issuer::start().await;
    let served = serve(|url| Jwt::new(&*issuer.url, url).into(), |builder| builder.http_sse()).await;
    let events = [("accept", "text/event-stream")];
    let origin = served.url.trim_end_matches("/mcp").to_owned();
    for (method, url) in [
        ("GET", served.url.clone()),
        ("DELETE", served.url.clone()),
        ("POST", served.url.clone()),
        ("GET", format!("{origin}/sse")),
        ("POST", format!("{origin}/messages?sessionId=1")),
    ] {
        let answer = send(&url, method, &events, "{}").await;
        assert_eq!(answer.status, 401, "{method} {url}");
        assert!(answer.headers.contains_key("www-authenticate"), "{method} {url}");
    }
    // A token in the address is none.
    let token = issuer.token(&served.url, "");
    let address = format!("{}?access_token={token}", served.url);
    assert_eq!(send(&address, "POST", &[("content-type", "application/json")], "{}").await.status, 401);
}

#[tokio::test]
async fn issuers_write_audiences_and_scopes_in_several_ways() {
    let issuer = Issuer::with(issuer::Signer::rsa()).await;
    let served = serve_jwt(&issuer, |jwt| jwt.audience("api://orders")).await;
    for (change, said) in [
        (json!({"aud": ["https://other.example.com", served.url]}), "ada by app may orders:read"),
        (json!({"aud": "api://orders"}), "ada by app may orders:read"),
        (json!({"scope": ["a", "b c"]}), "ada by app may a b c"),
        (json!({"scope": null, "scp": "a b"}), "ada by app may a b"),
        (json!({"scope": null, "scp": ["b", "a"]}), "ada by app may a b"),
        (json!({"client_id": null, "azp": "cli"}), "ada by cli may orders:read"),
        (json!({"exp": issuer::now() as f64 + 60.5}), "ada by app may orders:read"),
    ] {
        let answer = served.call("who", Some(&issuer.token_but(&served.url, change.clone()))).await;
        assert_eq!((answer.status, text(&answer.body)), (200, said), "{change}");
    }
}

#[tokio::test]
async fn a_new_key_of_the_issuer_is_found_when_a_token_names_it() {
    let mut issuer = Issuer::start().await;
    let served = serve_jwt(&issuer, |jwt| jwt).await;
    let before = issuer.token(&served.url, "");
    assert_eq!(served.call("who", Some(&before)).await.status, 200);
    issuer.rotate("k2");
    let after = issuer.token(&served.url, "");
    assert_eq!(served.call("who", Some(&after)).await.status, 200);
    assert_eq!(issuer.asked(), 2);
    // What the issuer has withdrawn is no good.
    assert!(served.refusal(&before).await.contains("a key that the issuer does not have"));
}

#[tokio::test]
async fn keys_are_good_while_the_issuer_cannot_be_reached_and_not_for_ever() {
    let issuer = Issuer::start().await;
    let served = serve_jwt(&issuer, |jwt| jwt.keys_for(Duration::ZERO, Duration::from_secs(60))).await;
    let token = issuer.token(&served.url, "");
    assert_eq!(served.call("who", Some(&token)).await.status, 200);
    issuer.die().await;
    for _ in 0..5 {
        assert_eq!(served.call("who", Some(&token)).await.status, 200, "stale keys are good");
    }
    pass(Duration::from_secs(60)).await;
    let last = served.call("who", Some(&token)).await;
    // It is not the caller's fault.
    assert_eq!((last.status, &last.headers["retry-after"]), (503, &"1".parse().unwrap()));
}

#[tokio::test]
async fn a_key_that_was_withdrawn_while_nobody_called_lets_nobody_in() {
    let mut issuer = Issuer::start().await;
    let served = serve_jwt(&issuer, |jwt| jwt).await;
    let stolen = issuer.token(&served.url, "");
    assert_eq!(served.call("who", Some(&stolen)).await.status, 200);
    issuer.rotate("k2");
    pass(Duration::from_secs(3600)).await;
    assert!(served.refusal(&stolen).await.contains("a key that the issuer does not have"));
    // One that does not answer holds up those only who come first.
    let good = issuer.token(&served.url, "");
    assert_eq!(served.call("who", Some(&good)).await.status, 200);
    issuer.behaves(Manner::Silent);
    pass(Duration::from_secs(3600)).await;
    assert_eq!(served.call("who", Some(&good)).await.status, 200);
    let begun = std::time::Instant::now();
    for _ in 0..10 {
        assert_eq!(served.call("who", Some(&good)).await.status, 200);
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_issuer_that_was_down_at_first_is_found_later() {
    let issuer = Issuer::start().await;
    issuer.behaves(Manner::Broken);
    let served = serve_jwt(&issuer, |jwt| jwt).await;
    let token = issuer.token(&served.url, "");
    let refused = served.call("who", Some(&token)).await;
    assert_eq!(refused.status, 503);
    assert!(refused.body["error"]["message"].as_str().unwrap().contains("try again in 1 s"));
    issuer.behaves(Manner::Well);
    assert_eq!(served.call("who", Some(&token)).await.status, 200);
}

#[tokio::test]
async fn keys_are_fetched_as_often_as_is_said_where_nothing_else_was_said() {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let issuer = Issuer::start().await;
    let served = serve(|url| Jwt::new(&*issuer.url, url).into(), |builder| builder).await;
    let token = issuer.token(&served.url, "");
    let unknown = issuer.signer.sign(&json!({"alg": "ES256", "kid": "k2"}), &issuer.claims(&served.url, ""));
    let good = async || assert_eq!(served.call("who", Some(&token)).await.status, 200);
    good().await;
    pass(Duration::from_secs(9)).await;
    served.refusal(&unknown).await;
    assert_eq!(issuer.asked(), 1, "ten seconds have not passed");
    pass(Duration::from_secs(2)).await;
    served.refusal(&unknown).await;
    assert_eq!(issuer.asked(), 2);
    pass(minutes(14)).await;
    good().await;
    assert_eq!(issuer.asked(), 2);
    pass(minutes(2)).await;
    good().await;
    crate::http::until("the keys are fetched behind the caller's back", || issuer.asked() == 3).await;
    issuer.die().await;
    pass(minutes(23 * 60)).await;
    good().await;
    pass(minutes(60)).await;
    assert_eq!(served.call("who", Some(&token)).await.status, 503, "a day has passed");
}

#[tokio::test]
async fn streams_end_when_their_token_does() {
    let issuer = Issuer::start().await;
    let jwt = |url: &str| Jwt::new(&*issuer.url, url).leeway(Duration::ZERO).into();
    let served = serve(jwt, |builder| builder.http_sse()).await;
    let origin = served.url.trim_end_matches("/mcp");
    let good = format!("Bearer {}", issuer.token(&served.url, ""));
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": STATEFUL, "capabilities": {}, "clientInfo": {"name": "!", "version": "1"},
    }});
    let json_type = ("content-type", "application/json");
    let begun = send(&served.url, "POST", &[json_type, ("authorization", &good)], hello.to_string()).await;
    let session = begun.headers["mcp-session-id"].to_str().unwrap().to_owned();

    let listen = stateless(7, "subscriptions/listen", json!({"notifications": {"toolsListChanged": true}}));
    let none = Vec::<(&str, String)>::new();
    let mut ways = vec![
        ("GET", format!("{origin}/sse"), none, String::new()),
        ("GET", served.url.clone(), vec![("mcp-session-id", session)], String::new()),
    ];
    let mut headers = headers_of(&listen, None);
    headers.push(("content-type", "application/json".into()));
    ways.push(("POST", served.url.clone(), headers, listen.to_string()));
    let all = ways.into_iter().map(async |(method, url, headers, body)| {
        let short = issuer.token_but(&served.url, json!({"exp": issuer::now() + 5}));
        let mut request =
            http::Request::builder().method(method).uri(&url).header("accept", "text/event-stream");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.header("authorization", format!("Bearer {short}"));
        let response = Client::new().request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200, "{method} {url}");
        let all = tokio::time::timeout(Duration::from_secs(30), response.into_body().collect()).await;
        assert!(all.expect("the stream goes on").is_ok(), "{method} {url}");
        assert_eq!(served.call("who", Some(&short)).await.status, 401, "{method} {url}: and no earlier");
    });
    futures::future::join_all(all).await;
}

#[tokio::test]
async fn a_session_goes_on_with_a_newer_token_of_the_same_caller_and_with_no_other() {
    let issuer = Issuer::start().await;
    let served = serve_jwt(&issuer, |jwt| jwt).await;
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": STATEFUL, "capabilities": {}, "clientInfo": {"name": "!", "version": "1"},
    }});
    let with = |token: String| format!("Bearer {token}");
    let first = with(issuer.token(&served.url, ""));
    let json_type = ("content-type", "application/json");
    let begun = send(&served.url, "POST", &[json_type, ("authorization", &first)], hello.to_string()).await;
    let session = begun.headers["mcp-session-id"].to_str().unwrap();
    let ping = json!({"jsonrpc": "2.0", "id": 2, "method": "ping"}).to_string();
    for (change, status) in [
        (json!({"scope": "orders:write"}), 200),
        (json!({"sub": "eve"}), 404),
        (json!({"client_id": "another"}), 404),
    ] {
        let token = with(issuer.token_but(&served.url, change.clone()));
        let headers = [json_type, ("authorization", &*token), ("mcp-session-id", session)];
        assert_eq!(send(&served.url, "POST", &headers, ping.clone()).await.status, status, "{change}");
    }
}

#[tokio::test]
async fn a_message_to_a_stream_does_not_borrow_the_rights_of_the_token_that_opened_it() {
    let issuer = Issuer::start().await;
    let served = serve(|url| Jwt::new(&*issuer.url, url).into(), |builder| builder.http_sse()).await;
    let origin = served.url.trim_end_matches("/mcp");
    let bearer = |scopes: &str| format!("Bearer {}", issuer.token(&served.url, scopes));
    let request = http::Request::get(format!("{origin}/sse")).header("accept", "text/event-stream");
    let request = request.header("authorization", bearer("orders:read")).body(Full::default()).unwrap();
    let mut events = Client::new().request(request).await.unwrap().into_body();
    let first = events.frame().await.unwrap().unwrap().into_data().unwrap();
    let first = String::from_utf8(first.to_vec()).unwrap();
    let endpoint = first.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let message = stateless(1, "tools/call", json!({"name": "read_orders"})).to_string();
    for (scopes, status) in [("", 403), ("orders:write", 403), ("orders:read", 202), ("orders:read a", 202)] {
        let token = bearer(scopes);
        let headers = [("content-type", "application/json"), ("authorization", &*token)];
        let sent = send(&format!("{origin}{endpoint}"), "POST", &headers, message.clone()).await;
        assert_eq!(sent.status, status, "{scopes}");
    }
}

/// What is logged while it is held.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn record() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let kept = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || kept.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn no_credential_is_passed_on_told_or_logged() {
    let (log, _guard) = Log::record();
    let issuer = Issuer::start().await;
    let key = "sk-0123456789abcdef";
    let served = serve(
        |url| {
            let keys = mcp::auth::ApiKeys::new().header("x-api-key").key("nightly", key, ["a"]);
            Either::new(keys, Jwt::new(&*issuer.url, url).fetch_every(Duration::ZERO)).into()
        },
        |builder| builder,
    )
    .await;
    let good = issuer.token(&served.url, "orders:read");
    let expired = issuer.token_but(&served.url, json!({"exp": 5}));
    let unknown = {
        let mut head = issuer.head();
        head["kid"] = "unheard-of-kid".into();
        issuer.signer.sign(&head, &issuer.claims(&served.url, ""))
    };
    let mut said = String::new();
    for token in [&good, &expired, &unknown, &format!("{good}x")] {
        let answer = served.call("tell_all", Some(token)).await;
        said += &format!("{} {:?} {}", answer.status, answer.headers, answer.body);
    }
    issuer.behaves(Manner::NoJson);
    let message = stateless(1, "tools/call", json!({"name": "tell_all"}));
    for key in [key, "sk-wrong-0123456789"] {
        let answer = post(&served.url, &message, &[("x-api-key", Some(key))]).await;
        said += &format!("{} {:?} {}", answer.status, answer.headers, answer.body);
    }
    assert!(said.contains("engines") && said.contains("nightly"), "the test sees what tools see: {said}");
    let logged = log.text();
    assert!(logged.contains("a token was refused"), "the test sees what is logged");
    for text in [&said, &logged] {
        for token in [&good, &expired, &unknown] {
            for part in token.split('.') {
                assert!(!text.contains(part), "part of a token: {text}");
            }
        }
        assert!(!text.contains(key) && !text.contains("sk-wrong"), "an API key: {text}");
        assert!(!text.contains("unheard-of-kid"), "what a token says: {text}");
    }
}

#[test]
fn what_is_not_safe_does_not_build() {
    let built = |jwt: Jwt| {
        let exposure = Exposure::public(["mcp.example.com"], [""; 0], jwt);
        let built = mcp::server!().explicit().tool::<who>().exposure(exposure).build();
        built.map(drop).map_err(|error| error.to_string())
    };
    let (issuer, resource) = ("https://login.example.com/t", "https://mcp.example.com/mcp");
    assert_eq!(built(Jwt::new(issuer, resource)), Ok(()));
    for (jwt, said) in [
        (Jwt::new("http://login.example.com", resource), "must begin with \"https://\""),
        (Jwt::new(issuer, "http://mcp.example.com/mcp"), "must begin with \"https://\""),
        (Jwt::new(issuer, "mcp.example.com"), "the resource \"mcp.example.com\""),
        (Jwt::new(issuer, "https://mcp.example.com/mcp#x"), "a query or a fragment"),
        (Jwt::new("https://me@login.example.com", resource), "has a user in it"),
        (Jwt::new(issuer, ""), "is not a URI"),
        (Jwt::new(issuer, resource).jwks_uri("http://login.example.com/keys"), "the keys' URI"),
        (Jwt::new(issuer, resource).algorithms([]), "without an algorithm"),
        (Jwt::new(issuer, resource).audience(""), "the audience of a token has a name"),
        (Jwt::new(issuer, resource).scopes(["a b"]), "\"a b\" is not a scope"),
        (Jwt::new(issuer, resource).scopes(["offline_access"]), "leave it out"),
    ] {
        let problem = built(jwt).unwrap_err();
        assert!(problem.contains(said), "{said}: {problem}");
    }
}
