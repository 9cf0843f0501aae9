//! Tasks: calls that go on after their answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp::testing::Client;
use mcp::{Context, Error, Peer, Principal, Server, ServerBuilder, State, Tasks, ToolError};
use serde_json::{Value, json};

use crate::wire::{Over, Wire, stateless, text};

const ID: &str = "io.modelcontextprotocol/tasks";

#[derive(Default)]
struct Dropped(AtomicUsize);

struct Guard(State<Dropped>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Takes its time.
#[mcp::tool(task)]
async fn slow(seconds: u64, cx: Context, dropped: State<Dropped>) -> String {
    let _guard = Guard(dropped);
    cx.progress(mcp::Progress::new(0.0).of(1.0).message("begun"));
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    format!("slept {seconds} s")
}

/// Takes its time, in a thread of its own.
#[mcp::tool(task)]
fn blocking() -> &'static str {
    "done"
}

/// Breaks.
#[mcp::tool(task)]
async fn breaks(how: String) -> Result<String, Error> {
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(how != "panic", "the task was told to panic");
    Err(Error::internal("broken"))
}

/// Can only be a task.
#[mcp::tool(task(required))]
async fn only_a_task() -> &'static str {
    tokio::time::sleep(Duration::from_secs(1)).await;
    "done"
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Name {
    name: String,
}

/// Asks before and after it becomes a task.
#[mcp::tool(task(deferred))]
async fn asks_twice(cx: Context) -> Result<String, ToolError> {
    let before: Name = cx.elicit("Before?").key("before").await?;
    cx.start_task().await;
    let after: Name = cx.elicit("After?").key("after").await?;
    Ok(format!("{} {}", before.name, after.name))
}

fn builder() -> ServerBuilder {
    mcp::server!().only(module_path!()).state(Dropped::default())
}

fn server() -> Server {
    builder().build().unwrap()
}

fn call(tool: &str, arguments: Value) -> Value {
    knowing(json!({"name": tool, "arguments": arguments}))
}

/// The parameters of a client that knows tasks.
fn knowing(mut params: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
        json!({"elicitation": {}, "extensions": {ID: {}}});
    params
}

fn task(id: &Value) -> Value {
    knowing(json!({"taskId": id}))
}

fn dropped(server: &Server) -> usize {
    server.state::<Dropped>().unwrap().0.load(Ordering::SeqCst)
}

/// Sends a request on its own, and gives the answer.
async fn ask_as(server: &Server, who: &str, method: &str, params: Value) -> Value {
    // `ada with mail` calls with a program.
    let mut words = who.split(" with ");
    let person = Principal::new("issuer", words.next().unwrap_or_default());
    let peer = Peer::connection().principal(words.fold(person, Principal::with_client));
    let message = stateless(1, method, params).to_string();
    let reply = crate::record::handle(server, message.as_bytes(), &peer).next().await.unwrap();
    serde_json::from_slice(reply.body()).unwrap()
}

async fn ask(server: &Server, method: &str, params: Value) -> Value {
    ask_as(server, "ada", method, params).await
}

/// Asks for a task until it is what is waited for. Time is paused, so waiting takes none.
async fn until(server: &Server, id: &Value, status: &str) -> Value {
    for _ in 0..1000 {
        let found = ask(server, "tasks/get", task(id)).await;
        if found["result"]["status"] == status {
            return found["result"].clone();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{:?} is never {status}", ask(server, "tasks/get", task(id)).await);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_kept_for_ever_ends_all_the_same() {
    let server = builder().tasks(Tasks::new().keep(Duration::MAX)).build().unwrap();
    let begun = ask(&server, "tools/call", call("slow", json!({"seconds": 1}))).await;
    let done = until(&server, &begun["result"]["taskId"], "completed").await;
    assert_eq!(done["result"]["content"][0]["text"], "slept 1 s", "{done}");
}

#[tokio::test(start_paused = true)]
async fn a_task_is_there_before_its_id_is_told_and_has_its_result_later() {
    let server = server();
    let begun = ask(&server, "tools/call", call("slow", json!({"seconds": 5}))).await;
    let handle = &begun["result"];
    assert_eq!((&handle["resultType"], &handle["status"]), (&json!("task"), &json!("working")));
    assert_eq!(handle["ttlMs"], 3_600_000);
    assert_eq!(handle["pollIntervalMs"], 1000);
    for absent in ["task", "result", "error", "inputRequests", "requestState", "content"] {
        assert_eq!(handle.get(absent), None, "{absent}");
    }
    let id = &handle["taskId"];
    assert_eq!(id.as_str().unwrap().len(), 32);
    let now = ask(&server, "tasks/get", task(id)).await;
    assert_eq!(
        (&now["result"]["resultType"], &now["result"]["status"]),
        (&json!("complete"), &json!("working"))
    );
    tokio::time::sleep(Duration::from_millis(10)).await;
    let told = until(&server, id, "working").await;
    assert_eq!(told["statusMessage"], "begun", "progress is what people read of a task");
    let ended = until(&server, id, "completed").await;
    assert_eq!(ended["result"]["content"][0]["text"], "slept 5 s");
    assert_eq!(ended["result"]["resultType"], "complete");
    assert_eq!(dropped(&server), 1);
    let kept = until(&server, id, "completed").await;
    assert_eq!(kept["result"], ended["result"], "it can be asked for again");
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(ask(&server, "tasks/get", task(id)).await["error"]["code"], -32602, "it is forgotten");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_task_stops_its_work_and_stays_cancelled() {
    let server = server();
    let begun = ask(&server, "tools/call", call("slow", json!({"seconds": 500}))).await;
    let id = &begun["result"]["taskId"];
    let cancelled = ask(&server, "tasks/cancel", task(id)).await;
    assert_eq!(cancelled["result"]["resultType"], "complete");
    assert_eq!(
        cancelled["result"].as_object().unwrap().len(),
        2,
        "an acknowledgement says nothing: {cancelled}"
    );
    until(&server, id, "cancelled").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(dropped(&server), 1, "the function was dropped");
    assert_eq!(ask(&server, "tasks/cancel", task(id)).await["result"]["resultType"], "complete");
    until(&server, id, "cancelled").await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_takes_longer_than_it_is_kept_is_cancelled() {
    let server = builder().tasks(Tasks::new().keep(Duration::from_secs(10))).build().unwrap();
    let begun = ask(&server, "tools/call", call("slow", json!({"seconds": 50}))).await;
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(dropped(&server), 1);
    let gone = ask(&server, "tasks/get", task(&begun["result"]["taskId"])).await;
    assert_eq!(gone["error"]["code"], -32602);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_protocol_and_a_panic_are_failures_of_the_task_and_of_nothing_else() {
    let server = server();
    for (how, said) in [("error", "broken"), ("panic", "number")] {
        let begun = ask(&server, "tools/call", call("breaks", json!({"how": how}))).await;
        let failed = until(&server, &begun["result"]["taskId"], "failed").await;
        assert_eq!(failed["error"]["code"], -32603);
        let message = failed["error"]["message"].as_str().unwrap();
        assert!(message.contains(said) && !message.contains("told to panic"), "{message}");
        assert_eq!(failed.get("result"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn questions_before_a_task_are_the_calls_and_those_after_are_the_tasks() {
    let server = server();
    let it = call("asks_twice", json!({}));
    let first = ask(&server, "tools/call", it.clone()).await;
    assert_eq!(first["result"]["resultType"], "input_required", "{first}");
    let mut again = it;
    again["requestState"] = first["result"]["requestState"].clone();
    again["inputResponses"] = json!({"before": {"action": "accept", "content": {"name": "A"}}});
    let begun = ask(&server, "tools/call", again).await;
    assert_eq!(begun["result"]["resultType"], "task", "{begun}");
    let id = &begun["result"]["taskId"];
    let asking = until(&server, id, "input_required").await;
    assert_eq!(asking["inputRequests"]["after"]["method"], "elicitation/create");
    let mut answer = task(id);
    answer["inputResponses"] = json!({"other": 5, "after": {"action": "accept", "content": {"name": "B"}}});
    let taken = ask(&server, "tasks/update", answer.clone()).await;
    assert_eq!(taken["result"]["resultType"], "complete");
    let ended = until(&server, id, "completed").await;
    assert_eq!(ended["result"]["content"][0]["text"], "A B");
    assert_eq!(ask(&server, "tasks/update", answer).await["result"]["resultType"], "complete");
}

#[tokio::test(start_paused = true)]
async fn tasks_belong_to_their_principal() {
    let server = server();
    let begun = ask(&server, "tools/call", call("slow", json!({"seconds": 5}))).await;
    let id = &begun["result"]["taskId"];
    for (other, method) in [
        ("eve", "tasks/get"),
        ("eve", "tasks/cancel"),
        ("ada with mail", "tasks/get"),
        ("ada with mail", "tasks/cancel"),
    ] {
        let refused = ask_as(&server, other, method, task(id)).await;
        assert_eq!(refused["error"]["code"], -32602, "{other}: {method}");
    }
    let mut answer = task(id);
    answer["inputResponses"] = json!({});
    assert_eq!(ask_as(&server, "eve", "tasks/update", answer).await["error"]["code"], -32602);
    let uri = format!("task://{}", id.as_str().unwrap());
    let read = ask_as(&server, "eve", "resources/read", json!({"uri": uri})).await;
    assert_eq!(read["error"]["code"], -32602);
    let listening = json!({"notifications": {"taskIds": [id, "no-such"]}});
    let told = ask_as(&server, "eve", "subscriptions/listen", knowing(listening)).await;
    assert_eq!(told["params"]["notifications"], json!({}), "nothing of it is listened to");
    assert_eq!(until(&server, id, "completed").await["result"]["content"][0]["text"], "slept 5 s");
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_know_tasks_gets_the_result_or_a_link_to_it() {
    let server = server();
    for client in [Client::stateless(&server), Client::stateful(&server).await.unwrap()] {
        let quick = client.call("slow", json!({"seconds": 3})).await.unwrap();
        assert_eq!(quick.text(), "slept 3 s");
        let slow = client.call("slow", json!({"seconds": 60})).await.unwrap();
        let link = slow.content().iter().find(|block| block["type"] == "resource_link").unwrap();
        let uri = link["uri"].as_str().unwrap();
        assert!(slow.text().contains(uri), "{}", slow.text());
        let status =
            |items: Vec<Value>| serde_json::from_str::<Value>(items[0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(status(client.read(uri).await.unwrap())["status"], "working");
        tokio::time::sleep(Duration::from_secs(60)).await;
        let ended = status(client.read(uri).await.unwrap());
        assert_eq!(ended["status"], "completed");
        assert_eq!(ended["result"]["content"][0]["text"], "slept 60 s");
        assert!(client.read("task://00000000000000000000000000000000").await.is_err());
    }
    let refused = ask(&server, "tools/call", json!({"name": "only_a_task"})).await;
    assert_eq!(refused["error"]["code"], -32021);
    assert_eq!(refused["error"]["data"], json!({"requiredCapabilities": {"extensions": {ID: {}}}}));
    let stateful = Client::stateful(&server).await.unwrap();
    assert!(stateful.call("only_a_task", json!({})).await.unwrap().is_error());
}

#[tokio::test]
async fn what_is_wrong_with_a_request_about_tasks_is_said() {
    let server = server();
    let mut wire = Wire::connect_to(Over::Memory, &server).await;
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let undeclared = wire.ask(1, method, json!({"taskId": "x"})).await;
        assert_eq!(undeclared["error"]["code"], -32021, "before anything is looked at");
        for params in [json!({}), json!({"taskId": 7}), json!({"taskId": null}), json!({"taskId": "no-such"})]
        {
            assert_eq!(wire.ask(2, method, knowing(params)).await["error"]["code"], -32602, "{method}");
        }
    }
    for method in ["tasks/result", "tasks/list"] {
        assert_eq!(wire.ask(3, method, task(&json!("x"))).await["error"]["code"], -32601);
    }
    let undeclared = json!({"notifications": {"taskIds": ["x"]}});
    assert_eq!(wire.ask(4, "subscriptions/listen", undeclared).await["error"]["code"], -32021);
    for ids in [json!("x"), json!([1]), json!({})] {
        let listening = knowing(json!({"notifications": {"taskIds": ids}}));
        assert_eq!(wire.ask(5, "subscriptions/listen", listening).await["error"]["code"], -32602);
    }
    // Wrong arguments are known at once, and are no task.
    let wrong = wire.ask(6, "tools/call", call("slow", json!({"seconds": "many"}))).await;
    assert_eq!(wrong["result"]["isError"], true, "{wrong}");
    // A function that blocks is never ready at once.
    let blocking = wire.ask(7, "tools/call", call("blocking", json!({}))).await;
    assert_eq!(blocking["result"]["resultType"], "task");
    wire.initialize().await;
    assert_eq!(wire.ask_in_session(8, "tasks/get", json!({"taskId": "x"})).await["error"]["code"], -32601);
}

#[tokio::test(start_paused = true)]
async fn there_are_so_many_tasks_at_most_and_one_that_is_forgotten_makes_room() {
    let few = Tasks::new().most(2).keep(Duration::from_secs(60));
    let server = builder().tasks(few).build().unwrap();
    let begin = || ask(&server, "tools/call", call("slow", json!({"seconds": 5})));
    for _ in 0..2 {
        assert_eq!(begin().await["result"]["resultType"], "task");
    }
    let refused = begin().await;
    assert_eq!(refused["result"]["isError"], true, "{refused}");
    assert!(text(&refused).contains("try again") || text(&refused).contains("trying again"), "{refused}");
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(begin().await["result"]["resultType"], "task");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_listens_to_a_task_is_told_all_of_it_at_each_change() {
    for over in [Over::Memory, Over::Http] {
        let server = server();
        let mut wire = Wire::connect_to(over, &server).await;
        let it = call("asks_twice", json!({}));
        let first = wire.ask(1, "tools/call", it.clone()).await;
        let mut again = it;
        again["requestState"] = first["result"]["requestState"].clone();
        again["inputResponses"] = json!({"before": {"action": "accept", "content": {"name": "A"}}});
        let begun = wire.ask(2, "tools/call", again).await;
        let id = begun["result"]["taskId"].clone();
        wire.send(stateless(
            "l",
            "subscriptions/listen",
            knowing(json!({"notifications": {"taskIds": [id]}})),
        ))
        .await;
        let acknowledged = wire.receive().await;
        assert_eq!(acknowledged["params"]["notifications"], json!({"taskIds": [id]}));
        let mut answer = task(&id);
        answer["inputResponses"] = json!({"after": {"action": "accept", "content": {"name": "B"}}});
        // It may not have come to its question yet.
        while wire.ask(3, "tasks/get", task(&id)).await["result"]["status"] != "input_required" {}
        wire.ask(4, "tasks/update", answer).await;
        let mut told = wire.others();
        while told.iter().all(|message| message["params"]["status"] != "completed") {
            told.push(wire.receive().await);
        }
        let last = &told[told.len() - 1];
        assert_eq!(last["method"], "notifications/tasks");
        assert_eq!(last["params"]["taskId"], id);
        assert_eq!(last["params"]["result"]["content"][0]["text"], "A B");
        assert_eq!(last["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], "l");
    }
}
