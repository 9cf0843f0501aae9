//! What a caller may do: what is refused, how he is told, and what he is shown.

use mcp::testing::Client;
use mcp::{CacheScope, Context, Error, Principal, Server, ServerBuilder};
use serde_json::{Value, json};

use super::issuer::Issuer;
use super::{Served, serve, serve_jwt, text};
use crate::http::{Answer, post};
use crate::wire::{ALL, Over, Wire, stateless};

/// One order.
#[mcp::resource("orders://{id}", scopes("orders:read"))]
async fn order(id: u32) -> String {
    format!("order {id}")
}

/// What there is to buy.
#[mcp::resource("shop://catalogue")]
async fn catalogue() -> &'static str {
    "bolts"
}

/// The books.
#[mcp::resource("shop://books", scopes("books"))]
async fn books() -> &'static str {
    "12 euros"
}

async fn cities(typed: mcp::Typed) -> Vec<String> {
    vec![format!("{}erlin", &*typed)]
}

/// Drafts a letter.
#[mcp::prompt(scopes("letters"))]
async fn letter(#[arg(complete = cities)] city: String) -> String {
    format!("Write to {city}.")
}

/// Gives money back: more than 1000 euros need more.
#[mcp::tool(scopes("orders:write"))]
async fn refund(euros: u32, cx: Context) -> Result<String, Error> {
    if euros > 1000 && !cx.principal().has_scope("orders:refund") {
        return Err(Error::insufficient_scope("a refund over 1000 euros", ["orders:write", "orders:refund"]));
    }
    Ok(format!("{euros} euros"))
}

/// Is for everybody.
#[mcp::tool]
async fn hello() -> &'static str {
    "hello"
}

fn shop(builder: ServerBuilder) -> ServerBuilder {
    let builder = builder.tool::<refund>().tool::<hello>().prompt::<letter>();
    builder.resource::<order>().resource::<catalogue>().resource::<books>()
}

fn server() -> Server {
    shop(mcp::server!().explicit().http_sse()).build().unwrap()
}

async fn ask(served: &Served, token: &str, method: &str, params: Value) -> Answer {
    let bearer = format!("Bearer {token}");
    post(&served.url, &stateless(1, method, params), &[("authorization", Some(&bearer))]).await
}

fn names(answer: &Value, list: &str, name: &str) -> Vec<String> {
    let items = answer["result"][list].as_array().unwrap_or_else(|| panic!("{answer}"));
    items.iter().map(|item| item[name].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn whoever_lacks_a_scope_is_told_over_http_which_to_ask_for() {
    let issuer = Issuer::start().await;
    let jwt = |url: &str| mcp::auth::Jwt::new(&*issuer.url, url).into();
    let served = serve(jwt, shop).await;
    let token = issuer.token(&served.url, "orders:read");
    let metadata = served.url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp");
    let uri = |uri: &str| json!({"uri": uri});
    for (method, params, scopes) in [
        ("tools/call", json!({"name": "write_order"}), "orders:read orders:write"),
        ("resources/read", uri("shop://books"), "books"),
        ("prompts/get", json!({"name": "letter", "arguments": {"city": "B"}}), "letters"),
        (
            "completion/complete",
            json!({"ref": {"type": "ref/prompt", "name": "letter"}, "argument": {"name": "city", "value": "B"}}),
            "letters",
        ),
        (
            "subscriptions/listen",
            json!({"notifications": {"resourceSubscriptions": ["shop://books"]}}),
            "books",
        ),
    ] {
        let refused = ask(&served, &token, method, params).await;
        let challenge = refused.headers.get("www-authenticate").map(|it| it.to_str().unwrap());
        let expected = format!(
            "Bearer resource_metadata=\"{metadata}\", error=\"insufficient_scope\", \
             error_description=\"the token does not allow this\", scope=\"{scopes}\""
        );
        assert_eq!((refused.status, challenge), (403, Some(&*expected)), "{method} {}", refused.body);
        assert_eq!(refused.body["id"], 1);
        assert_eq!(
            refused.body["error"]["data"]["requiredScopes"].as_array().unwrap().len(),
            scopes.split(' ').count()
        );
    }
    assert_eq!(
        text(&ask(&served, &token, "tools/call", json!({"name": "read_orders"})).await.body),
        "orders"
    );
    assert_eq!(ask(&served, &token, "resources/read", uri("orders://5")).await.status, 200);

    // The scopes may depend on the arguments; and what is taken is looked at anew with each call.
    let call = |euros: u32| json!({"name": "refund", "arguments": {"euros": euros}});
    let more = issuer.token(&served.url, "orders:write");
    assert_eq!(text(&ask(&served, &more, "tools/call", call(10)).await.body), "10 euros");
    let refused = ask(&served, &more, "tools/call", call(2000)).await;
    let challenge = refused.headers["www-authenticate"].to_str().unwrap();
    assert!(
        refused.status == 403 && challenge.ends_with("scope=\"orders:write orders:refund\""),
        "{challenge}"
    );
    let most = issuer.token(&served.url, "orders:write orders:refund");
    assert_eq!(text(&ask(&served, &most, "tools/call", call(2000)).await.body), "2000 euros");
}

#[tokio::test]
async fn lists_show_what_the_caller_may_use_and_are_his_alone() {
    let issuer = Issuer::start().await;
    let jwt = |url: &str| mcp::auth::Jwt::new(&*issuer.url, url).into();
    let served = serve(jwt, |builder| shop(builder).cache_scope(CacheScope::Public).page_size(2)).await;
    let all = async |scopes: &str, method: &str, list: &str, name: &str| {
        let token = issuer.token(&served.url, scopes);
        let mut found = Vec::new();
        let mut params = json!({});
        loop {
            let page = ask(&served, &token, method, params).await.body;
            assert_eq!(page["result"]["cacheScope"], "private", "{method}");
            found.extend(names(&page, list, name));
            match page["result"].get("nextCursor") {
                Some(next) => params = json!({"cursor": next}),
                None => return found,
            }
        }
    };
    let everybody = ["department", "hello", "tell_all", "who"];
    for _ in 0..2 {
        assert_eq!(all("", "tools/list", "tools", "name").await, everybody);
        let more = all("orders:read orders:write", "tools/list", "tools", "name").await;
        assert_eq!(more, ["department", "hello", "read_orders", "refund", "tell_all", "who", "write_order"]);
    }
    assert_eq!(all("", "resources/list", "resources", "uri").await, ["shop://catalogue"]);
    assert_eq!(
        all("books", "resources/list", "resources", "uri").await,
        ["shop://books", "shop://catalogue"]
    );
    assert_eq!(all("", "resources/templates/list", "resourceTemplates", "uriTemplate").await, [""; 0]);
    assert_eq!(
        all("orders:read", "resources/templates/list", "resourceTemplates", "uriTemplate").await,
        ["orders://{id}"]
    );
    assert_eq!(all("", "prompts/list", "prompts", "name").await, [""; 0]);
    // What is the same for all is cached as the author said.
    let token = issuer.token(&served.url, "");
    let discovered = ask(&served, &token, "server/discover", json!({})).await;
    assert_eq!(discovered.body["result"]["cacheScope"], "public");
}

#[tokio::test]
async fn a_scope_may_include_others() {
    let issuer = Issuer::start().await;
    let jwt = |url: &str| mcp::auth::Jwt::new(&*issuer.url, url).into();
    let served = serve(jwt, |builder| {
        builder
            .scope_implies("admin", ["orders:all", "books"])
            .scope_implies("orders:all", ["orders:read", "orders:write", "admin"])
    })
    .await;
    for (scopes, status) in
        [("admin", 200), ("orders:all", 200), ("orders:write", 403), ("books", 403), ("Admin", 403)]
    {
        let token = issuer.token(&served.url, scopes);
        assert_eq!(
            ask(&served, &token, "tools/call", json!({"name": "write_order"})).await.status,
            status,
            "{scopes}"
        );
    }
}

#[tokio::test]
async fn without_an_identity_what_takes_scopes_is_refused_over_every_transport() {
    let server = server();
    for over in ALL.into_iter().filter(|over| *over != Over::Stdio) {
        let mut wire = Wire::connect_to(over, &server).await;
        let listed = wire.ask(1, "tools/list", json!({})).await;
        assert_eq!(names(&listed, "tools", "name"), ["hello"], "{over:?}");
        let refused = wire.ask(2, "tools/call", json!({"name": "refund", "arguments": {"euros": 1}})).await;
        let read = wire.ask(3, "resources/read", json!({"uri": "shop://books"})).await;
        assert_eq!(read["error"]["code"], -32600, "{over:?} {read}");
        assert_eq!(read["error"]["message"], "resource \"shop://books\" needs the scope books");
        assert_eq!(wire.ask(4, "prompts/get", json!({"name": "letter"})).await["error"]["code"], -32600);
        assert_eq!(text(&wire.ask(5, "tools/call", json!({"name": "hello"})).await), "hello");
        wire.initialize().await;
        let legacy =
            wire.ask_in_session(6, "tools/call", json!({"name": "refund", "arguments": {"euros": 1}})).await;
        for refused in [refused, legacy] {
            match over {
                Over::Http => {
                    assert_eq!(refused["error"]["message"], "tool \"refund\" needs the scope orders:write")
                }
                _ => {
                    assert_eq!(refused["result"]["isError"], true, "{over:?}");
                    assert_eq!(
                        text(&refused),
                        "tool \"refund\" needs the scope orders:write, which this caller does not have. It was not run, \
                         and calling it again changes nothing."
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn whoever_starts_a_server_says_who_calls_locally() {
    let ada = Principal::new("test", "ada").with_scopes(["orders:write", "letters"]);
    let client = Client::stateless(&server()).principal(ada);
    assert_eq!(client.call("refund", json!({"euros": 5})).await.unwrap().text(), "5 euros");
    assert!(client.call("refund", json!({"euros": 5000})).await.unwrap().is_error());
    assert!(client.prompt("letter", json!({"city": "Rome"})).await.is_ok());
    assert!(client.read("shop://books").await.is_err());
}

#[tokio::test]
async fn a_server_without_scopes_shows_everybody_the_same() {
    let issuer = Issuer::start().await;
    let served = serve_jwt(&issuer, |jwt| jwt).await;
    // This one has scopes on tools, and none elsewhere.
    let token = issuer.token(&served.url, "");
    let refused = ask(&served, &token, "tools/call", json!({"name": "read_orders"})).await;
    assert_eq!(refused.status, 403);
    let open = mcp::server!().explicit().tool::<hello>().cache_scope(CacheScope::Public).build().unwrap();
    let mut wire = Wire::connect_to(Over::Memory, &open).await;
    assert_eq!(wire.ask(1, "tools/list", json!({})).await["result"]["cacheScope"], "public");
}

/// Takes its time.
#[mcp::tool(task, scopes("reports"))]
async fn long_report() -> &'static str {
    std::future::pending().await
}

#[tokio::test]
async fn a_task_is_told_of_to_those_only_who_may_still_do_it() {
    let issuer = Issuer::start().await;
    let jwt = |url: &str| mcp::auth::Jwt::new(&*issuer.url, url).into();
    let served = serve(jwt, |builder| builder.tool::<long_report>().scope_implies("all", ["reports"])).await;
    let knowing = |mut params: Value| {
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
            json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
        params
    };
    let token = issuer.token(&served.url, "reports");
    let begun = ask(&served, &token, "tools/call", knowing(json!({"name": "long_report"})));
    let id = begun.await.body["result"]["taskId"].clone();
    for (scopes, status) in [("reports", 200), ("all", 200), ("", 403), ("orders:read", 403)] {
        for method in ["tasks/get", "tasks/cancel"] {
            if method == "tasks/cancel" && status == 200 {
                continue;
            }
            let token = issuer.token(&served.url, scopes);
            let answer = ask(&served, &token, method, knowing(json!({"taskId": id}))).await;
            assert_eq!(answer.status, status, "{scopes} {method}: {}", answer.body);
        }
    }
    let token = issuer.token_but(&served.url, json!({"sub": "eve", "scope": "reports"}));
    let other = ask(&served, &token, "tasks/get", knowing(json!({"taskId": id}))).await;
    assert_eq!(other.body["error"]["message"], "there is no such task");
}

#[test]
fn what_is_public_and_scoped_or_no_scope_at_all_does_not_build() {
    let built = shop(mcp::server!().explicit()).scope_implies("a b", ["c"]).build();
    assert!(built.unwrap_err().to_string().contains("\"a b\" is not a scope"));
}
