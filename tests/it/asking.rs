//! Asking the client back: the same function, for clients that are asked while it waits, and for clients that call again.

mod forms;
mod states;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp::transport::{Frame, Transport, memory};
use mcp::{AskError, Context, Peer, Principal, Server, ServerBuilder, State, StateKey, ToolError};
use serde_json::{Value, json};

use crate::record::{Kept, handle};
use crate::wire::{Over, Wire, stateless, text};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Sure {
    sure: bool,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Name {
    name: String,
}

#[derive(Default)]
struct Counts {
    runs: AtomicUsize,
    effects: AtomicUsize,
}

/// Deletes, if it may.
#[mcp::tool]
async fn delete(id: String, cx: Context, counts: State<Counts>) -> Result<String, ToolError> {
    counts.runs.fetch_add(1, Ordering::SeqCst);
    // What the caller gave is moved away before the question, and is there again after it.
    let question = format!("Delete {id}?");
    let moved = std::thread::spawn(move || id).join().unwrap();
    let Sure { sure: true } = cx.elicit(question).await? else { return Ok("kept".into()) };
    cx.once("delete", async {
        counts.effects.fetch_add(1, Ordering::SeqCst);
        Ok::<_, ToolError>(())
    })
    .await?;
    Ok(format!("deleted {moved}"))
}

/// Asks two things, in an order that is another one in each run.
#[mcp::tool]
async fn either_order(cx: Context, counts: State<Counts>) -> Result<String, ToolError> {
    let first = cx.elicit::<Name>("First?").key("first");
    let second = cx.elicit::<Name>("Second?").key("second");
    let (first, second) = match counts.runs.fetch_add(1, Ordering::SeqCst) % 2 {
        0 => {
            let first = first.await?;
            (first, second.await?)
        }
        _ => {
            let second = second.await?;
            (first.await?, second)
        }
    };
    Ok(format!("{} {}", first.name, second.name))
}

/// Asks two things at once.
#[mcp::tool]
async fn both(cx: Context) -> Result<String, ToolError> {
    let (a, b) = tokio::try_join!(cx.elicit::<Name>("A?").key("a"), cx.elicit::<Name>("B?").key("b"))?;
    Ok(format!("{} {}", a.name, b.name))
}

/// Asks, unless it knows already.
#[mcp::tool]
async fn unless_known(cx: Context) -> Result<String, ToolError> {
    tokio::select! {
        biased;
        name = cx.elicit::<Name>("Who?") => Ok(name?.name),
        () = std::future::ready(()) => Ok("known".into()),
    }
}

/// Lets a task of its own ask.
#[mcp::tool]
async fn by_task(cx: Context) -> Result<String, ToolError> {
    let asked = tokio::spawn(async move { cx.elicit::<Name>("Who?").await.map(|name| name.name) });
    Ok(format!("{:?}", asked.await.unwrap()))
}

/// Sends the person to a page.
#[mcp::tool]
async fn page(cx: Context) -> Result<&'static str, AskError> {
    cx.visit("Sign in.", "https://example.com/sign-in").key("page").await?;
    Ok("went")
}

fn builder() -> ServerBuilder {
    mcp::server!().only(module_path!()).state(Counts::default()).state(tokio::sync::Notify::new())
}

fn server() -> Server {
    builder().build().unwrap()
}

fn count(server: &Server, which: fn(&Counts) -> &AtomicUsize) -> usize {
    which(&server.state::<Counts>().unwrap()).load(Ordering::SeqCst)
}

fn call(tool: &str, arguments: Value) -> Value {
    let capabilities = json!({"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}});
    json!({"name": tool, "arguments": arguments, "_meta": {"io.modelcontextprotocol/clientCapabilities": capabilities}})
}

/// The call again, with the state of the answer before it and answers to what that asked.
fn again(mut call: Value, before: &Value, answers: Value) -> Value {
    call["requestState"] = before["result"]["requestState"].clone();
    call["inputResponses"] = answers;
    call
}

fn accept(content: Value) -> Value {
    json!({"action": "accept", "content": content})
}

/// The keys that an answer asks for.
fn asked(answer: &Value) -> Vec<String> {
    assert_eq!(answer["result"]["resultType"], "input_required", "{answer}");
    let requests = answer["result"]["inputRequests"].as_object().unwrap();
    requests.keys().cloned().collect()
}

/// The only key that an answer asks for, with an answer to it.
fn answered(answer: &Value, with: Value) -> Value {
    let keys = asked(answer);
    assert_eq!(keys.len(), 1, "{answer}");
    json!({keys[0].clone(): with})
}

fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("no error: {answer}"))
}

const OVER: [Over; 3] = [Over::Memory, Over::Socket, Over::Http];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_function_asks_stateless_and_stateful_clients_on_every_transport() {
    for over in OVER {
        let server = server();
        let mut wire = Wire::connect_to(over, &server).await;
        let delete = call("delete", json!({"id": "7"}));
        let first = wire.ask(1, "tools/call", delete.clone()).await;
        let key = asked(&first).remove(0);
        let question = &first["result"]["inputRequests"][&key];
        assert_eq!(question["method"], "elicitation/create");
        assert_eq!(question["params"]["message"], "Delete 7?");
        assert_eq!(question["params"]["requestedSchema"]["properties"]["sure"]["type"], "boolean");
        assert_eq!(first["result"].get("ttlMs"), None, "what is asked is not to be cached");
        let yes = json!({key: accept(json!({"sure": true}))});
        let second = wire.ask(2, "tools/call", again(delete, &first, yes)).await;
        assert_eq!(text(&second), "deleted 7", "over {over:?}");
        assert_eq!(second["result"]["resultType"], "complete");

        let mut wire = Wire::connect_to(over, &server).await;
        wire.initialize_with(json!({"elicitation": {}})).await;
        let delete = json!({"name": "delete", "arguments": {"id": "8"}});
        wire.send(json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": delete})).await;
        let question = wire.receive().await;
        assert_eq!(question["method"], "elicitation/create");
        assert_eq!(question["params"]["message"], "Delete 8?");
        let answer = accept(json!({"sure": true}));
        wire.send(json!({"jsonrpc": "2.0", "id": question["id"], "result": answer})).await;
        assert_eq!(text(&wire.answer(&3.into()).await), "deleted 8", "over {over:?}");
        assert_eq!(count(&server, |counts| &counts.effects), 2);
        assert_eq!(count(&server, |counts| &counts.runs), 3, "a stateful client's call runs once");
    }
}

#[tokio::test]
async fn answers_find_their_questions_whatever_the_order() {
    let mut wire = Wire::connect_to(Over::Memory, &server()).await;
    let it = call("either_order", json!({}));
    let first = wire.ask(1, "tools/call", it.clone()).await;
    assert_eq!(asked(&first), ["first"]);
    let second = wire
        .ask(2, "tools/call", again(it.clone(), &first, json!({"first": accept(json!({"name": "1"}))})))
        .await;
    assert_eq!(asked(&second), ["second"]);
    let third =
        wire.ask(3, "tools/call", again(it, &second, json!({"second": accept(json!({"name": "2"}))}))).await;
    assert_eq!(text(&third), "1 2");
}

#[tokio::test]
async fn questions_that_are_joined_are_asked_at_once() {
    let mut wire = Wire::connect_to(Over::Memory, &server()).await;
    let it = call("both", json!({}));
    let first = wire.ask(1, "tools/call", it.clone()).await;
    assert_eq!(asked(&first), ["a", "b"]);
    let half = again(it.clone(), &first, json!({"b": accept(json!({"name": "B"}))}));
    let second = wire.ask(2, "tools/call", half).await;
    assert_eq!(asked(&second), ["a"], "what is missing is asked again, and nothing else");
    let rest = again(it, &second, json!({"a": accept(json!({"name": "A"}))}));
    assert_eq!(text(&wire.ask(3, "tools/call", rest).await), "A B");

    wire.initialize_with(json!({"elicitation": {}})).await;
    wire.send(json!({"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": {"name": "both"}})).await;
    let (a, b) = (wire.receive().await, wire.receive().await);
    assert_ne!(a["id"], b["id"]);
    for (question, name) in [(b, "2"), (a, "1")] {
        let answer = accept(json!({"name": name}));
        wire.send(json!({"jsonrpc": "2.0", "id": question["id"], "result": answer})).await;
    }
    assert_eq!(text(&wire.answer(&4.into()).await), "1 2");
}

#[tokio::test]
async fn a_question_that_lost_a_race_is_not_asked() {
    let mut wire = Wire::connect_to(Over::Memory, &server()).await;
    let answer = wire.ask(1, "tools/call", call("unless_known", json!({}))).await;
    assert_eq!(text(&answer), "known");
    wire.initialize_with(json!({"elicitation": {}})).await;
    assert_eq!(text(&wire.ask_in_session(2, "tools/call", json!({"name": "unless_known"})).await), "known");
    assert_eq!(wire.others(), Vec::<Value>::new(), "nothing was asked");
}

#[tokio::test]
async fn only_the_function_itself_may_ask() {
    let mut wire = Wire::connect_to(Over::Memory, &server()).await;
    let answer = wire.ask(1, "tools/call", call("by_task", json!({}))).await;
    assert_eq!(text(&answer), "Err(Unreachable)");
    wire.initialize_with(json!({"elicitation": {}})).await;
    assert_eq!(
        text(&wire.ask_in_session(2, "tools/call", json!({"name": "by_task"})).await),
        "Err(Unreachable)"
    );
    let detached = Context::detached().elicit::<Name>("Who?").await;
    assert_eq!(detached.map(|name| name.name), Err(AskError::Unreachable));
}

/// Sends a stateless call for somebody, and gives the answer.
async fn ask_as(server: &Server, who: &str, params: Value) -> Value {
    // `ada with mail` calls with a program.
    let mut words = who.split(" with ");
    let person = Principal::new("issuer", words.next().unwrap_or_default());
    let peer = Peer::connection().principal(words.fold(person, Principal::with_client));
    let message = stateless(1, "tools/call", params).to_string();
    let reply = handle(server, message.as_bytes(), &peer).next().await.unwrap();
    serde_json::from_slice(reply.body()).unwrap()
}

#[tokio::test]
async fn what_the_client_cannot_do_is_never_asked() {
    let nothing = json!({"name": "delete", "arguments": {"id": "7"}});
    let mut forms_only = call("page", json!({}));
    forms_only["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({"elicitation": {}});
    let mut no_forms = call("delete", json!({"id": "7"}));
    no_forms["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({"elicitation": {"url": {}}});
    for over in OVER {
        let mut wire = Wire::connect_to(over, &server()).await;
        for (params, required) in [
            (&nothing, json!({"elicitation": {"form": {}}})),
            (&forms_only, json!({"elicitation": {"url": {}}})),
            (&no_forms, json!({"elicitation": {"form": {}}})),
        ] {
            let answer = wire.ask(1, "tools/call", params.clone()).await;
            assert_eq!(code(&answer), -32021, "{answer}");
            assert_eq!(answer["error"]["data"], json!({"requiredCapabilities": required}));
        }
        wire.initialize().await;
        let answer = wire.ask_in_session(2, "tools/call", nothing.clone()).await;
        assert_eq!(answer["result"]["isError"], true, "a session has no number for it: {answer}");
        assert!(text(&answer).contains("elicitation"), "{answer}");
    }
}

#[tokio::test]
async fn a_person_who_declines_is_an_answer_for_the_model() {
    let mut wire = Wire::connect_to(Over::Memory, &server()).await;
    let it = call("page", json!({}));
    let first = wire.ask(1, "tools/call", it.clone()).await;
    let question = &first["result"]["inputRequests"]["page"]["params"];
    assert_eq!(question["mode"], "url");
    assert_eq!(question["url"], "https://example.com/sign-in");
    for (action, said) in [("decline", "declined"), ("cancel", "no answer")] {
        let told = again(it.clone(), &first, json!({"page": {"action": action}}));
        let answer = wire.ask(2, "tools/call", told).await;
        assert_eq!(answer["result"]["isError"], true);
        assert!(text(&answer).contains(said), "{answer}");
        assert!(text(&answer).contains("Sign in."), "{answer}");
    }
    let told = again(it, &first, json!({"page": {"action": "accept"}}));
    assert_eq!(text(&wire.ask(3, "tools/call", told).await), "went");
}

/// The next message over memory.
async fn next(ours: &mut mcp::transport::Memory) -> Value {
    match ours.receive().await.unwrap().unwrap() {
        Frame::Message(message) => serde_json::from_slice(message).unwrap(),
        Frame::TooLong(_) => unreachable!(),
    }
}

async fn begin_session(ours: &mut mcp::transport::Memory) {
    let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": crate::wire::STATEFUL, "capabilities": {"elicitation": {}},
        "clientInfo": {"name": "test", "version": "1"},
    }});
    ours.send(hello.to_string().into_bytes()).await.unwrap();
    next(ours).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_answers_is_not_waited_for_for_ever() {
    let (mut ours, theirs) = memory();
    let server = server();
    tokio::spawn(async move { server.serve(Kept::new(theirs)).await });
    begin_session(&mut ours).await;
    let begun = tokio::time::Instant::now();
    let delete = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "delete", "arguments": {"id": "7"},
    }});
    ours.send(delete.to_string().into_bytes()).await.unwrap();
    let question = next(&mut ours).await;
    let taken_back = next(&mut ours).await;
    assert_eq!(taken_back["method"], "notifications/cancelled");
    assert_eq!(taken_back["params"]["requestId"], question["id"]);
    let answer = next(&mut ours).await;
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert_eq!(begun.elapsed().as_secs(), 300);
    // An answer that comes too late, or twice, or to nothing, is nothing.
    for id in [question["id"].clone(), json!(99), json!("1"), json!(null), json!(-1)] {
        let late = json!({"jsonrpc": "2.0", "id": id, "result": accept(json!({"sure": true}))});
        ours.send(late.to_string().into_bytes()).await.unwrap();
    }
    ours.send(br#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#.to_vec()).await.unwrap();
    assert_eq!(next(&mut ours).await["id"], 2);
}

#[tokio::test]
async fn an_answer_that_is_an_error_or_none_ends_the_question() {
    let mut wire = Wire::connect_to(Over::Memory, &server()).await;
    wire.initialize_with(json!({"elicitation": {}})).await;
    for (answer, said) in [
        (json!({"error": {"code": -1, "message": "no screen"}}), "no screen"),
        (json!({"result": {"action": "maybe"}}), "action"),
        (json!({"result": 5}), "action"),
        (json!({"result": {"action": "accept", "content": {"sure": "yes"}}}), "true or false"),
        (json!({"result": {"action": "decline"}}), "declined"),
    ] {
        let delete = json!({"name": "delete", "arguments": {"id": "7"}});
        wire.send(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": delete})).await;
        let question = wire.receive().await;
        let mut message = json!({"jsonrpc": "2.0", "id": question["id"]});
        message.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
        wire.send(message).await;
        let answer = wire.answer(&1.into()).await;
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        assert!(text(&answer).contains(said), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_reaches_no_question_of_another_session() {
    let server = server();
    for over in [Over::Memory, Over::Http] {
        let mut one = Wire::connect_to(over, &server).await;
        let mut other = match over {
            Over::Http => one.another_session(),
            _ => Wire::connect_to(over, &server).await,
        };
        let mut questions = Vec::new();
        for wire in [&mut one, &mut other] {
            wire.initialize_with(json!({"elicitation": {}})).await;
        }
        let delete = json!({"name": "delete", "arguments": {"id": "7"}});
        one.send(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": delete})).await;
        questions.push(one.receive().await);
        let yes = accept(json!({"sure": true}));
        other.send(json!({"jsonrpc": "2.0", "id": questions[0]["id"], "result": yes})).await;
        other.ask_in_session(9, "ping", json!({})).await;
        let no = accept(json!({"sure": false}));
        one.send(json!({"jsonrpc": "2.0", "id": questions[0]["id"], "result": no})).await;
        assert_eq!(text(&one.answer(&1.into()).await), "kept", "over {over:?}");
    }
}

/// Asks, and says something when it need not know any more.
#[mcp::tool]
async fn overtaken(cx: Context, signal: State<tokio::sync::Notify>) -> &'static str {
    tokio::select! {
        biased;
        () = signal.notified() => {}
        _ = cx.elicit::<Name>("Who?") => {}
    }
    cx.log(mcp::Level::Info, "it need not be known any more");
    "overtaken"
}

#[tokio::test]
async fn what_is_said_after_a_question_that_was_answered_too_late_is_not_left_out() {
    let server = server();
    let peer = Peer::connection();
    let said = async |message: Value| {
        let reply = server.handle(message.to_string().as_bytes(), &peer).next().await.unwrap();
        serde_json::from_slice::<Value>(reply.body()).unwrap_or_default()
    };
    let hello = json!({"protocolVersion": crate::wire::STATEFUL, "capabilities": {"elicitation": {}}, "clientInfo": {}});
    said(json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello})).await;
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "overtaken"}})
        .to_string();
    let mut replies = server.handle(call.as_bytes(), &peer);
    let mut next =
        async || -> Value { serde_json::from_slice(replies.next().await.unwrap().body()).unwrap() };
    let question = next().await;
    // The answer is there, and before anybody looks at it something else is there, too.
    said(json!({"jsonrpc": "2.0", "id": question["id"], "result": accept(json!({"name": "Ada"}))})).await;
    server.state::<tokio::sync::Notify>().unwrap().notify_one();
    assert_eq!(next().await["method"], "notifications/message");
    assert_eq!(text(&next().await), "overtaken");
}

#[tokio::test]
async fn a_cancelled_call_takes_its_questions_along() {
    let server = Arc::new(server());
    let mut wire = Wire::connect_to(Over::Memory, &server).await;
    wire.initialize_with(json!({"elicitation": {}})).await;
    let delete = json!({"name": "delete", "arguments": {"id": "7"}});
    wire.send(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": delete})).await;
    let question = wire.receive().await;
    wire.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}))
        .await;
    let taken_back = wire.receive().await;
    assert_eq!(taken_back["method"], "notifications/cancelled");
    assert_eq!(taken_back["params"]["requestId"], question["id"]);
    let yes = accept(json!({"sure": true}));
    wire.send(json!({"jsonrpc": "2.0", "id": question["id"], "result": yes})).await;
    wire.ask_in_session(2, "ping", json!({})).await;
    assert_eq!(wire.others(), Vec::<Value>::new(), "a cancelled call says nothing more");
    assert_eq!(count(&server, |counts| &counts.effects), 0);
}

/// Asks three things, takes one answer, and asks a fourth.
#[mcp::tool]
async fn first_of_three(cx: Context) -> Result<String, ToolError> {
    let first = {
        let (a, b, c) = (cx.elicit::<Name>("A?"), cx.elicit::<Name>("B?"), cx.elicit::<Name>("C?"));
        tokio::select! { biased; it = a => it, it = b => it, it = c => it }?
    };
    let last = cx.elicit::<Name>("D?").await?;
    Ok(format!("{} {}", first.name, last.name))
}

#[tokio::test]
async fn answers_to_questions_that_were_dropped_hide_nothing_behind_them() {
    let mut wire = Wire::connect_to(Over::Memory, &server()).await;
    wire.initialize_with(json!({"elicitation": {}})).await;
    wire.send(
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "first_of_three"}}),
    )
    .await;
    let questions = [wire.receive().await, wire.receive().await, wire.receive().await];
    for question in &questions {
        let answer = accept(json!({"name": "x"}));
        wire.send(json!({"jsonrpc": "2.0", "id": question["id"], "result": answer})).await;
    }
    let last = wire.receive().await;
    assert_eq!(last["params"]["message"], "D?");
    wire.send(json!({"jsonrpc": "2.0", "id": last["id"], "result": accept(json!({"name": "y"}))})).await;
    assert_eq!(text(&wire.answer(&1.into()).await), "x y");
}

#[tokio::test]
async fn answers_are_read_however_much_is_under_way() {
    let server = builder().max_in_flight(1).build().unwrap();
    let mut wire = Wire::connect_to(Over::Memory, &server).await;
    wire.initialize_with(json!({"elicitation": {}})).await;
    let delete = json!({"name": "delete", "arguments": {"id": "7"}});
    wire.send(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": delete})).await;
    let question = wire.receive().await;
    wire.send(json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": delete})).await;
    assert_eq!(wire.answer(&2.into()).await["error"]["code"], -32603);
    let no = accept(json!({"sure": false}));
    wire.send(json!({"jsonrpc": "2.0", "id": question["id"], "result": no})).await;
    assert_eq!(text(&wire.answer(&1.into()).await), "kept");
}

struct Asker(String);

impl mcp::Extract for Asker {
    async fn extract(cx: &Context) -> Result<Self, ToolError> {
        Ok(Self(cx.elicit::<Name>("Who asks?").key("asker").await?.name))
    }
}

/// Is asked for by an extractor.
#[mcp::tool]
async fn extracted(asker: Asker) -> String {
    asker.0
}

#[tokio::test]
async fn an_extractor_asks_as_the_function_does() {
    let server = server();
    let refused = ask_as(&server, "ada", json!({"name": "extracted"})).await;
    assert_eq!(code(&refused), -32021);
    let it = call("extracted", json!({}));
    let first = ask_as(&server, "ada", it.clone()).await;
    let told = again(it, &first, json!({"asker": accept(json!({"name": "Ada"}))}));
    assert_eq!(text(&ask_as(&server, "ada", told).await), "Ada");
}
