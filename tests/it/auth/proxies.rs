//! Life behind a proxy that ends TLS.

use http::request::Parts;
use mcp::http::{Authenticate, Challenge, Exposure, Proxies, RemoteAddress};
use mcp::{Headers, Principal};
use serde_json::json;

use super::text;
use crate::http::{Answer, post};
use crate::wire::{serve_http, stateless};

/// Knows callers by their addresses.
struct ByAddress;

impl Authenticate for ByAddress {
    async fn authenticate(&self, request: &Parts) -> Result<Principal, Challenge> {
        let address = request.extensions.get::<RemoteAddress>();
        let RemoteAddress(address) = address.ok_or_else(|| Challenge::unauthorized("Address"))?;
        Ok(Principal::new("address", address.ip().to_string()))
    }
}

/// Says from where the call came, and what the headers say of it.
#[mcp::tool]
async fn whence(caller: Principal, headers: Headers) -> String {
    let named = headers.keys().filter(|name| name.as_str().contains("forwarded")).count();
    format!("{} {named}", caller.subject().unwrap_or_default())
}

async fn ask(proxies: Option<Proxies>, headers: &[(&str, &str)]) -> Answer {
    let exposure = Exposure::public(["mcp.example.com"], [""; 0], ByAddress);
    let exposure = proxies.into_iter().fold(exposure, Exposure::behind);
    let url =
        serve_http(&mcp::server!().explicit().tool::<whence>().exposure(exposure).build().unwrap()).await;
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, Some(*value))).collect();
    post(&url, &stateless(1, "tools/call", json!({"name": "whence"})), &headers).await
}

#[tokio::test]
async fn a_proxy_that_was_named_says_from_where_a_request_comes_and_for_which_host() {
    let ours = || Proxies::new(["127.0.0.1"]).x_forwarded_host();
    let theirs = || Proxies::new(["192.0.2.1"]).x_forwarded_host();
    let host = ("host", "mcp.example.com");
    let inner = ("host", "inner:8080");
    let from = ("x-forwarded-for", "203.0.113.9, 198.51.100.7");
    let outer = ("x-forwarded-host", "mcp.example.com");
    for (proxies, headers, said) in [
        (Some(ours()), vec![host, from], "198.51.100.7 1"),
        (Some(ours()), vec![inner, from, outer], "198.51.100.7 2"),
        // Nobody said that these are proxies.
        (Some(theirs()), vec![host, from, outer], "127.0.0.1 0"),
        (None, vec![host, from], "127.0.0.1 1"),
    ] {
        let answer = ask(proxies, &headers).await;
        assert_eq!((answer.status, text(&answer.body)), (200, said), "{headers:?}");
    }
    for (proxies, headers) in [
        (Some(ours()), vec![inner, from]),
        (Some(theirs()), vec![inner, from, outer]),
        (None, vec![inner, from, outer]),
        (Some(ours()), vec![host, ("x-forwarded-host", "evil.example.com")]),
        (Some(Proxies::new(["127.0.0.1"])), vec![inner, outer]),
        (
            Some(Proxies::new(["127.0.0.1"]).forwarded()),
            vec![inner, ("forwarded", "for=1.2.3.4;host=evil.example.com")],
        ),
    ] {
        assert_eq!(ask(proxies, &headers).await.status, 403, "{headers:?}");
    }
    let standard = ("forwarded", "for=\"[2001:db8::7]:99\";proto=https;host=mcp.example.com");
    let answer = ask(Some(Proxies::new(["127.0.0.1"]).forwarded()), &[inner, standard]).await;
    assert_eq!((answer.status, text(&answer.body)), (200, "2001:db8::7 1"));
}

#[test]
fn a_proxy_that_is_no_address_does_not_build() {
    let exposure = Exposure::public(["mcp.example.com"], [""; 0], ByAddress).behind(Proxies::new(["proxy"]));
    let built = mcp::server!().explicit().tool::<whence>().exposure(exposure).build();
    assert!(built.unwrap_err().to_string().contains("\"proxy\" is not an address"));
}
