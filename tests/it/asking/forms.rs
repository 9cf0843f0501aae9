//! Forms: what they show, what they take, and what is none.

use super::*;

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "it is printed")]
struct Everything {
    #[schemars(length(min = 2, max = 4))]
    text: String,
    #[schemars(range(min = 1, max = 3))]
    count: u8,
    #[schemars(extend("format" = "date"))]
    day: Option<String>,
    kind: Kind,
    #[serde(default)]
    kinds: Vec<Kind>,
}

#[derive(Debug, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// The big one
    Big,
    /// The small one
    Small,
}

/// Asks everything that a form can ask.
#[mcp::tool]
async fn form(cx: Context) -> Result<String, ToolError> {
    Ok(format!("{:?}", cx.elicit::<Everything>("Fill this in.").key("form").await?))
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Nested {
    #[allow(dead_code, reason = "only its schema matters")]
    inner: Vec<String>,
}

/// Asks what no form can ask.
#[mcp::tool]
async fn no_form(cx: Context) -> Result<&'static str, ToolError> {
    cx.elicit::<Nested>("Fill this in.").await?;
    Ok("filled in")
}

#[tokio::test]
async fn answers_that_are_none_are_errors_and_what_is_missing_is_asked_again() {
    let mut wire = Wire::connect_to(Over::Memory, &server()).await;
    let it = call("form", json!({}));
    let first = wire.ask(1, "tools/call", it.clone()).await;
    let good = json!({"text": "abc", "count": 2, "kind": "big", "kinds": ["small"], "day": "2026-01-31"});
    let mut wrong = vec![
        json!(12345),
        json!(null),
        json!({}),
        json!({"action": "yes"}),
        json!({"action": "accept", "content": 5}),
        json!({"action": "accept"}),
    ];
    for (field, value) in [
        ("text", json!("a")),
        ("text", json!("abcde")),
        ("text", json!(5)),
        ("count", json!(0)),
        ("count", json!(4)),
        ("count", json!(1.5)),
        ("count", json!("2")),
        ("day", json!("tomorrow")),
        ("kind", json!("huge")),
        ("kinds", json!(["huge"])),
        ("kinds", json!("big")),
    ] {
        let mut content = good.clone();
        content[field] = value;
        wrong.push(accept(content));
    }
    for answer in wrong {
        let told = again(it.clone(), &first, json!({"form": answer}));
        let refused = wire.ask(2, "tools/call", told).await;
        assert_eq!(code(&refused), -32602, "{answer}: {refused}");
        assert!(refused["error"]["message"].as_str().unwrap().contains("form"), "{refused}");
    }
    for none in [json!(null), json!([]), json!("x")] {
        assert_eq!(code(&wire.ask(3, "tools/call", again(it.clone(), &first, none)).await), -32602);
    }
    for foreign in [json!({}), json!({"other": accept(good.clone())})] {
        let answer = wire.ask(4, "tools/call", again(it.clone(), &first, foreign)).await;
        assert_eq!(asked(&answer), ["form"]);
    }
    let told = again(it, &first, json!({"form": accept(good), "unknown": 5}));
    assert!(text(&wire.ask(5, "tools/call", told).await).contains("count: 2"));
}

#[tokio::test]
async fn a_form_shows_its_fields_in_the_order_of_the_type() {
    let mut wire = Wire::connect_to(Over::Socket, &server()).await;
    let first = wire.ask(1, "tools/call", call("form", json!({}))).await;
    let schema = &first["result"]["inputRequests"]["form"]["params"]["requestedSchema"];
    assert_eq!(schema["required"], json!(["text", "count", "kind"]));
    let properties = &schema["properties"];
    assert_eq!(properties["text"], json!({"type": "string", "minLength": 2, "maxLength": 4}));
    assert_eq!(properties["count"], json!({"type": "integer", "minimum": 1, "maximum": 3}));
    assert_eq!(properties["day"], json!({"type": "string", "format": "date"}));
    let titles =
        json!([{"const": "big", "title": "The big one"}, {"const": "small", "title": "The small one"}]);
    assert_eq!(properties["kind"], json!({"type": "string", "oneOf": titles}));
    assert_eq!(properties["kinds"], json!({"type": "array", "items": {"anyOf": titles}, "default": []}));

    let peer = Peer::connection();
    let message = stateless(1, "tools/call", call("form", json!({}))).to_string();
    let reply = handle(&server(), message.as_bytes(), &peer).next().await.unwrap();
    let body = std::str::from_utf8(reply.body()).unwrap();
    let places: Vec<_> = ["text", "count", "day", "kind", "kinds"]
        .iter()
        .map(|name| body.find(&format!("\"{name}\":{{")).unwrap())
        .collect();
    assert!(places.is_sorted(), "{body}");
}

#[tokio::test]
async fn a_type_that_is_no_form_says_so() {
    let mut wire = Wire::connect_to(Over::Memory, &server()).await;
    let answer = wire.ask(1, "tools/call", call("no_form", json!({}))).await;
    assert_eq!(answer["result"]["isError"], true);
    let said = text(&answer);
    assert!(!said.contains("Nested") && said.contains("field \"inner\""), "{said}");
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Loose {
    whole: i64,
    maybe: Option<String>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Nothing {}

/// Takes what people's clients send.
#[mcp::tool]
async fn lenient(cx: Context) -> Result<String, ToolError> {
    let Nothing {} = cx.elicit("Go on?").key("nothing").await?;
    let Loose { whole, maybe } = cx.elicit("How much?").key("loose").await?;
    Ok(format!("{whole} {maybe:?}"))
}

#[tokio::test]
async fn a_form_without_fields_is_a_yes_and_whole_numbers_and_nulls_are_taken_as_they_are_meant() {
    let server = server();
    let it = call("lenient", json!({}));
    let answers = json!({
        "nothing": accept(json!({})),
        "loose": accept(json!({"whole": 30.0, "maybe": null})),
    });
    let first = ask_as(&server, "ada", it.clone()).await;
    assert_eq!(
        first["result"]["inputRequests"]["nothing"]["params"]["requestedSchema"]["properties"],
        json!({})
    );
    assert_eq!(text(&ask_as(&server, "ada", again(it, &first, answers)).await), "30 None");
}

#[tokio::test]
async fn what_a_revision_cannot_ask_is_unsupported() {
    let mut wire = Wire::connect_to(Over::Memory, &server()).await;
    let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {"elicitation": {}}, "clientInfo": {"name": "t", "version": "1"},
    }});
    wire.send(hello).await;
    wire.receive().await;
    let answer = wire.ask_in_session(1, "tools/call", json!({"name": "form"})).await;
    assert!(text(&answer).contains("did not declare"), "{answer}");
}
