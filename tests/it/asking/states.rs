//! What a client carries from one run of a call to the next: whose it is, what it is worth, and what is done once.

use super::*;

/// Asks something else in each run.
#[mcp::tool]
async fn changing(cx: Context, counts: State<Counts>) -> Result<String, ToolError> {
    let run = counts.runs.fetch_add(1, Ordering::SeqCst);
    let asked = cx.elicit::<Name>(format!("Question {}?", run.min(1))).key("same").await?;
    Ok(asked.name)
}

/// Does something, then asks, then does something else.
#[mcp::tool]
async fn effects(cx: Context, counts: State<Counts>) -> Result<String, ToolError> {
    let failing = cx.once("failing", async { Err::<(), _>("not yet") }).await;
    let first: usize =
        cx.once("first", async { Ok::<_, ToolError>(counts.effects.fetch_add(1, Ordering::SeqCst)) }).await?;
    let Name { name } = cx.elicit("Who?").key("who").await?;
    let second: usize = cx
        .once("second", async { Ok::<_, ToolError>(counts.effects.fetch_add(1, Ordering::SeqCst)) })
        .await?;
    Ok(format!("{first} {second} {name} {failing:?}"))
}

#[tokio::test]
async fn a_question_that_changed_is_asked_anew() {
    let mut wire = Wire::connect_to(Over::Memory, &server()).await;
    let it = call("changing", json!({}));
    let first = wire.ask(1, "tools/call", it.clone()).await;
    let told = again(it.clone(), &first, json!({"same": accept(json!({"name": "to question 0"}))}));
    let second = wire.ask(2, "tools/call", told).await;
    assert_eq!(asked(&second), ["same"], "the answer was to another question");
    assert_eq!(second["result"]["inputRequests"]["same"]["params"]["message"], "Question 1?");
    let told = again(it, &second, json!({"same": accept(json!({"name": "to question 1"}))}));
    assert_eq!(text(&wire.ask(3, "tools/call", told).await), "to question 1");
}

#[tokio::test]
async fn what_is_done_once_is_not_done_again_by_another_run_or_a_state_that_is_sent_twice() {
    let server = server();
    let mut wire = Wire::connect_to(Over::Memory, &server).await;
    let it = call("effects", json!({}));
    let first = wire.ask(1, "tools/call", it.clone()).await;
    assert_eq!(count(&server, |counts| &counts.effects), 1);
    let told = again(it, &first, json!({"who": accept(json!({"name": "Ada"}))}));
    let second = wire.ask(2, "tools/call", told.clone()).await;
    assert_eq!(text(&second), "0 1 Ada Err(\"not yet\")");
    let twice = wire.ask(3, "tools/call", told.clone()).await;
    assert_eq!(text(&twice), "0 1 Ada Err(\"not yet\")", "the same again");
    wire.send(stateless(4, "tools/call", told.clone())).await;
    wire.send(stateless(5, "tools/call", told)).await;
    wire.answer(&4.into()).await;
    wire.answer(&5.into()).await;
    assert_eq!(count(&server, |counts| &counts.effects), 2);
}

#[tokio::test]
async fn a_state_is_worth_nothing_for_another_call_or_after_its_time_or_changed() {
    let server = server();
    let mut wire = Wire::connect_to(Over::Memory, &server).await;
    let it = call("delete", json!({"id": "7"}));
    let first = wire.ask(1, "tools/call", it.clone()).await;
    let yes = answered(&first, accept(json!({"sure": true})));
    let told = again(it.clone(), &first, yes.clone());

    let mut other_arguments = told.clone();
    other_arguments["arguments"]["id"] = "8".into();
    let mut other_tool = told.clone();
    other_tool["name"] = "both".into();
    let mut changed = told.clone();
    changed["requestState"] = format!("{}x", told["requestState"].as_str().unwrap()).into();
    let mut flipped = told.clone();
    let mut state: Vec<char> = told["requestState"].as_str().unwrap().chars().collect();
    state[40] = if state[40] == 'A' { 'B' } else { 'A' };
    flipped["requestState"] = state.into_iter().collect::<String>().into();
    for (id, params) in [other_arguments, other_tool, changed, flipped].into_iter().enumerate() {
        let answer = wire.ask(10 + id, "tools/call", params).await;
        assert_eq!(code(&answer), -32602, "{answer}");
    }
    for state in [json!(7), json!(""), json!("?"), json!(null), json!({}), json!("A".repeat(100_000))] {
        let mut forged = told.clone();
        forged["requestState"] = state;
        assert_eq!(code(&wire.ask(20, "tools/call", forged).await), -32602);
    }
    // The order of an object's members is not what it says.
    assert_eq!(count(&server, |counts| &counts.effects), 0);
    assert_eq!(text(&wire.ask(30, "tools/call", told).await), "deleted 7");

    let hasty = builder().state_lifetime(Duration::ZERO).build().unwrap();
    let mut wire = Wire::connect_to(Over::Memory, &hasty).await;
    let first = wire.ask(1, "tools/call", it.clone()).await;
    let late = wire.ask(2, "tools/call", again(it, &first, yes)).await;
    assert_eq!(code(&late), -32602);
    assert!(late["error"]["message"].as_str().unwrap().contains("expired"), "{late}");
}

#[tokio::test]
async fn a_state_belongs_to_its_principal() {
    let server = server();
    let it = call("delete", json!({"id": "7"}));
    let first = ask_as(&server, "ada", it.clone()).await;
    let told = again(it, &first, answered(&first, accept(json!({"sure": true}))));
    for other in ["eve", "ada with mail"] {
        assert_eq!(code(&ask_as(&server, other, told.clone()).await), -32602);
    }
    assert_eq!(text(&ask_as(&server, "ada", told).await), "deleted 7");
}

#[tokio::test]
async fn replicas_that_share_a_key_answer_each_others_states_and_keys_are_rotated() {
    let (old, new) = (StateKey::new([1; 32]), StateKey::new([2; 32]));
    let with =
        |keys: &[&StateKey]| builder().state_keys(keys.iter().map(|key| (*key).clone())).build().unwrap();
    let (one, other) = (with(&[&old]), with(&[&new, &old]));
    let (newest, stranger) = (with(&[&new]), server());
    let it = call("delete", json!({"id": "7"}));
    let first = ask_as(&one, "ada", it.clone()).await;
    let told = again(it.clone(), &first, answered(&first, accept(json!({"sure": true}))));
    assert_eq!(text(&ask_as(&other, "ada", told.clone()).await), "deleted 7");
    for without in [&newest, &stranger] {
        assert_eq!(code(&ask_as(without, "ada", told.clone()).await), -32602);
    }
    let first = ask_as(&other, "ada", it.clone()).await;
    let told = again(it, &first, answered(&first, accept(json!({"sure": false}))));
    assert_eq!(text(&ask_as(&newest, "ada", told).await), "kept", "the first key seals");
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Order {
    #[allow(dead_code, reason = "what else is given is not looked at")]
    id: u64,
}

/// Asks before it pays.
#[mcp::tool]
async fn pay(order: Order, amount: u128, cx: Context) -> Result<String, ToolError> {
    let Sure { sure } = cx.elicit("Pay?").key("pay").await?;
    Ok(format!("{sure} {} {amount}", order.id))
}

#[tokio::test]
async fn a_state_belongs_to_the_arguments_as_they_were_written() {
    let server = server();
    let peer = Peer::connection();
    let ask = async |id: u32, arguments: &str, rest: &str| {
        let capabilities = r#""io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}"#;
        let meta = format!(r#"{{"io.modelcontextprotocol/protocolVersion":"2026-07-28",{capabilities}}}"#);
        let message = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"pay","_meta":{meta}{arguments}{rest}}}}}"#
        );
        let reply = server.handle(message.as_bytes(), &peer).next().await.unwrap();
        serde_json::from_slice::<Value>(reply.body()).unwrap()
    };
    let yes = r#","inputResponses":{"pay":{"action":"accept","content":{"sure":true}}}"#;
    for (asked, other) in [
        (r#"{"order":{"id":1,"x":1e400},"amount":1}"#, r#"{"order":{"id":2,"x":1e400},"amount":1}"#),
        (
            r#"{"order":{"id":1},"amount":100000000000000000000000000001}"#,
            r#"{"order":{"id":1},"amount":100000000000000000000000000999}"#,
        ),
        (r#"{"order":{"id":1,"x":"a b"},"amount":1}"#, r#"{"order":{"id":1,"x":"ab"},"amount":1}"#),
    ] {
        let first = ask(1, &format!(r#","arguments":{asked}"#), "").await;
        let state = format!(r#",{}:{}"#, json!("requestState"), first["result"]["requestState"]);
        let told = ask(2, &format!(r#","arguments":{other}"#), &format!("{state}{yes}")).await;
        assert_eq!(code(&told), -32602, "{told}");
        let spaced = asked.replace(":{", " : { ").replace(",\"amount\"", " ,\n\"amount\"");
        let told = ask(3, &format!(r#","arguments":{spaced}"#), &format!("{state}{yes}")).await;
        assert!(text(&told).starts_with("true 1"), "{told}");
    }
}

/// Has no arguments, and asks.
#[mcp::tool]
async fn bare(cx: Context) -> Result<String, ToolError> {
    Ok(cx.elicit::<Name>("Who?").key("who").await?.name)
}

#[tokio::test]
async fn no_arguments_and_empty_arguments_are_the_same() {
    let server = server();
    let mut it = call("bare", json!({}));
    it.as_object_mut().unwrap().remove("arguments");
    let first = ask_as(&server, "ada", it).await;
    let told = again(call("bare", json!({})), &first, json!({"who": accept(json!({"name": "Ada"}))}));
    assert_eq!(text(&ask_as(&server, "ada", told).await), "Ada");
}

/// Asks two things, and goes by the first before it asks the second.
#[mcp::tool]
async fn goes_on(cx: Context) -> Result<String, ToolError> {
    let first = cx.elicit::<Name>("First?").key("first").await?;
    let second = cx.elicit::<Name>("Second?").key("second").await?;
    Ok(format!("{} {}", first.name, second.name))
}

#[tokio::test]
async fn an_answer_that_was_given_stands() {
    let server = server();
    let it = call("goes_on", json!({}));
    let first = ask_as(&server, "ada", it.clone()).await;
    let told = again(it.clone(), &first, json!({"first": accept(json!({"name": "1"}))}));
    let second = ask_as(&server, "ada", told).await;
    let both = json!({"first": accept(json!({"name": "x"})), "second": accept(json!({"name": "2"}))});
    assert_eq!(text(&ask_as(&server, "ada", again(it, &second, both)).await), "1 2");
}

/// Uses a name twice that another question has nearly.
#[mcp::tool]
async fn same_names(cx: Context) -> Result<String, ToolError> {
    let (a, b, c) = tokio::try_join!(
        cx.elicit::<Name>("A?").key("x"),
        cx.elicit::<Name>("B?").key("x"),
        cx.elicit::<Name>("C?").key("x-2")
    )?;
    Ok(format!("{} {} {}", a.name, b.name, c.name))
}

#[tokio::test]
async fn no_two_questions_have_one_key() {
    let server = server();
    let it = call("same_names", json!({}));
    let first = ask_as(&server, "ada", it.clone()).await;
    let keys = asked(&first);
    assert_eq!(keys.len(), 3, "{keys:?}");
    let answers: Value = keys
        .iter()
        .map(|key| (key.clone(), accept(json!({"name": key}))))
        .collect::<serde_json::Map<_, _>>()
        .into();
    assert_eq!(text(&ask_as(&server, "ada", again(it, &first, answers)).await), "x x-2 x-2-2");
}

/// Asks who reads it.
#[mcp::resource("asking://{item}")]
async fn asks_its_reader(item: String, cx: Context) -> Result<String, AskError> {
    Ok(format!("{item} for {}", cx.elicit::<Name>("Who reads?").key("who").await?.name))
}

/// Asks who uses it.
#[mcp::prompt]
async fn asks_its_user(topic: String, cx: Context) -> Result<String, AskError> {
    Ok(format!("{topic} for {}", cx.elicit::<Name>("Who asks?").key("who").await?.name))
}

/// Sends a stateless request for somebody who can be asked, and gives the answer.
async fn request(server: &Server, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}});
    let message = stateless(1, method, params).to_string();
    let reply = server.handle(message.as_bytes(), &Peer::connection()).next().await.unwrap();
    serde_json::from_slice(reply.body()).unwrap()
}

#[tokio::test]
async fn resources_and_prompts_ask_too_and_their_states_are_bound_as_well() {
    let server = server();
    let who = json!({"who": accept(json!({"name": "Ada"}))});
    for (method, params, other, path) in [
        (
            "resources/read",
            json!({"uri": "asking://a", "name": "x"}),
            json!({"uri": "asking://b", "name": "x"}),
            "/result/contents/0/text",
        ),
        (
            "prompts/get",
            json!({"name": "asks_its_user", "arguments": {"topic": "a"}, "uri": "x"}),
            json!({"name": "asks_its_user", "arguments": {"topic": "b"}, "uri": "x"}),
            "/result/messages/0/content/text",
        ),
    ] {
        let first = request(&server, method, params.clone()).await;
        assert_eq!(asked(&first), ["who"]);
        assert_eq!(first["result"].get("ttlMs"), None);
        let misused = request(&server, method, again(other, &first, who.clone())).await;
        assert_eq!(code(&misused), -32602, "{misused}");
        let told = request(&server, method, again(params, &first, who.clone())).await;
        assert_eq!(told.pointer(path), Some(&json!("a for Ada")), "{told}");
    }
}
