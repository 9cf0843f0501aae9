//! The example `orders`, as a process: who may do what there is said by its environment, or by tokens.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::issuer::Issuer;
use super::text;
use crate::http::{Answer, post};
use crate::wire::{Wire, example, start_in, stateless};

const TASKS: &str = "io.modelcontextprotocol/tasks";

/// The example, served over HTTP to whoever has a token.
pub struct Shop {
    pub issuer: Issuer,
    pub url: String,
    _process: Child,
}

impl Shop {
    async fn open() -> Self {
        Self::open_with(|command| command).await
    }

    /// The same as a command that is made ready.
    pub async fn open_with(ready: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let issuer = Issuer::start().await;
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let url = format!("http://{address}/mcp");
        let mut command = Command::new(example("orders"));
        let mut process = ready(&mut command)
            .args(["--http", &address.to_string()])
            .envs([("ISSUER", &issuer.url), ("RESOURCE", &url)])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("example orders does not start ({error}): cargo build --examples")
            });
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        while !log.next_line().await.unwrap().expect("it serves").contains("serving Streamable HTTP") {}
        // It writes on, and somebody reads.
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        Self { issuer, url, _process: process }
    }

    /// A client of somebody who may do this.
    fn client(&self, who: &str, scopes: &str) -> Wire {
        Wire::at(&self.url, &self.issuer.token_but(&self.url, json!({"sub": who, "scope": scopes})))
    }

    /// What a request on its own is answered, with its status.
    pub async fn ask(&self, scopes: &str, message: Value) -> Answer {
        let bearer = format!("Bearer {}", self.issuer.token(&self.url, scopes));
        post(&self.url, &message, &[("authorization", Some(&bearer))]).await
    }
}

pub fn place(key: &str) -> Value {
    json!({"name": "place_order", "arguments": {"request_id": key, "item": "bolts", "euros": 12}})
}

/// A call of whoever can be asked with a form, and knows tasks.
pub fn able(mut params: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
        json!({"elicitation": {"form": {}}, "extensions": {TASKS: {}}});
    params
}

pub fn refund(number: u32) -> Value {
    able(json!({"name": "refund_order", "arguments": {"number": number}}))
}

/// The same refund, with what was asked answered.
pub fn agreed(mut refund: Value, asked: &Value) -> Value {
    let asked = &asked["result"];
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let key = asked["inputRequests"].as_object().unwrap().keys().next().unwrap().clone();
    refund["requestState"] = asked["requestState"].clone();
    refund["inputResponses"] = json!({key: {"action": "accept", "content": {"agreed": true}}});
    refund
}

fn names(listed: &Value) -> Vec<&str> {
    let tools = listed["result"]["tools"].as_array().unwrap_or_else(|| panic!("{listed}"));
    tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn on_standard_input_whoever_starts_the_process_says_who_calls_and_what_he_may() {
    let mut nobody = Wire::of(start_in("orders", &[], &[("MCP_SCOPES", ""), ("MCP_PRINCIPAL", "")]));
    assert_eq!(names(&nobody.ask(1, "tools/list", json!({})).await), [""; 0]);
    let refused = nobody.ask(2, "tools/call", place("key-1234")).await;
    assert!(text(&refused).starts_with("tool \"place_order\" needs the scope orders:write"));

    let ada = [("MCP_SCOPES", "orders:write"), ("MCP_PRINCIPAL", "ada")];
    let mut ada = Wire::of(start_in("orders", &[], &ada));
    let listed = ada.ask(1, "tools/list", json!({})).await;
    assert_eq!(names(&listed), ["list_orders", "place_order", "report"], "whoever may write may read");
    let placed = ada.ask(2, "tools/call", place("key-1234")).await;
    assert_eq!(placed["result"]["structuredContent"]["by"], "ada");
    assert!(text(&ada.ask(3, "tools/call", refund(1)).await).contains("needs the scope orders:refund"));
}

#[tokio::test]
async fn over_http_tokens_say_who_may_do_what() {
    let shop = Shop::open().await;
    let place = stateless(1, "tools/call", place("key-1234"));
    assert_eq!(post(&shop.url, &place, &[]).await.status, 401);
    assert_eq!(shop.ask("orders:read", place.clone()).await.status, 403);
    assert_eq!(shop.ask("orders:write", place).await.body["result"]["structuredContent"]["by"], "ada");
    let uri = stateless(1, "resources/read", json!({"uri": "orders://1"}));
    assert_eq!(shop.ask("orders:refund", uri).await.status, 200);

    let asked = shop.ask("orders:refund", stateless(1, "tools/call", refund(1))).await.body;
    let answered = stateless(2, "tools/call", agreed(refund(1), &asked));
    // The state is of no use to whoever may not do it, nor to anybody else.
    assert_eq!(shop.ask("orders:write", answered.clone()).await.status, 403);
    let mut eve = shop.client("eve", "orders:refund");
    eve.send(answered.clone()).await;
    assert!(eve.receive().await["result"].get("content").is_none());
    assert_eq!(text(&shop.ask("orders:refund", answered).await.body), "12 euros are on their way");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_placed_once_however_often_it_is_sent() {
    let shop = Shop::open().await;
    let mut ada = shop.client("ada", "orders:write");
    let mut session = shop.client("ada", "orders:write");
    session.initialize().await;
    for id in 0..20 {
        ada.send(stateless(id, "tools/call", place("key-1234"))).await;
        let message =
            json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": place("key-1234")});
        session.send(message).await;
    }
    for id in 0..20 {
        // Sessions of this revision know structured results too.
        for answer in [ada.answer(&id.into()).await, session.answer(&id.into()).await] {
            assert_eq!(answer["result"]["structuredContent"]["number"], 1, "{answer}");
        }
    }
    let mut other = place("key-1234");
    other["arguments"]["euros"] = 13.into();
    let refused = ada.ask(30, "tools/call", other).await;
    assert!(text(&refused).contains("with this key and other arguments before"), "{refused}");
    let short = ada.ask(31, "tools/call", place("1")).await;
    assert!(text(&short).contains("request_id"), "{short}");
    // Somebody else's key is another one.
    let hers = shop.client("eve", "orders:write").ask(1, "tools/call", place("key-1234")).await;
    assert_eq!(hers["result"]["structuredContent"]["number"], 2);
    let all = ada.ask(32, "tools/call", json!({"name": "list_orders"})).await;
    let all = all["result"]["structuredContent"].as_array().unwrap().len();
    eprintln!("41 calls with 2 keys: {all} orders");
    assert_eq!(all, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_is_given_back_once_and_to_whoever_agreed() {
    let shop = Shop::open().await;
    let mut ada = shop.client("ada", "orders:write orders:refund");
    ada.ask(1, "tools/call", place("key-0001")).await;
    ada.ask(2, "tools/call", place("key-0002")).await;

    // Two are asked before either answers, and one answers twice.
    let first = ada.ask(3, "tools/call", refund(1)).await;
    let second = ada.ask(4, "tools/call", refund(1)).await;
    for id in 5..8 {
        let paid = ada.ask(id, "tools/call", agreed(refund(1), &first)).await;
        assert_eq!(text(&paid), "12 euros are on their way", "the same answer again");
    }
    for refused in [
        ada.ask(8, "tools/call", agreed(refund(1), &second)).await,
        ada.ask(9, "tools/call", refund(1)).await,
    ] {
        assert_eq!(text(&refused), "order 1 was refunded before");
    }
    // The state is of one order.
    let other = ada.ask(10, "tools/call", agreed(refund(2), &first)).await;
    assert!(other["result"].get("content").is_none(), "{other}");

    // In a session the function waits for the answer.
    let mut session = shop.client("ada", "orders:write orders:refund");
    session.initialize_with(json!({"elicitation": {}})).await;
    for (id, action, said) in [
        (1, json!({"action": "accept", "content": {"agreed": false}}), "nothing was given back"),
        (2, json!({"action": "accept", "content": {"agreed": true}}), "12 euros are on their way"),
    ] {
        let message = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {
            "name": "refund_order", "arguments": {"number": 2},
        }});
        session.send(message).await;
        let question = session.receive().await;
        assert_eq!(question["params"]["message"], "Give back 12 euros for bolts?");
        session.send(json!({"jsonrpc": "2.0", "id": question["id"], "result": action})).await;
        assert_eq!(text(&session.answer(&id.into()).await), said);
    }
    let orders = ada.ask(11, "tools/call", json!({"name": "list_orders"})).await;
    let refunded = orders["result"]["structuredContent"].as_array().unwrap().iter();
    assert_eq!(refunded.filter(|order| order["refunded"] == true).count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_a_task_of_whoever_asked_for_it() {
    let shop = Shop::open().await;
    let mut ada = shop.client("ada", "orders:write");
    for n in 0..10 {
        ada.ask(n, "tools/call", place(&format!("key-{n:04}"))).await;
    }
    let report = able(json!({"name": "report"}));
    let begun = ada.ask(20, "tools/call", report.clone()).await;
    assert_eq!(begun["result"]["resultType"], "task", "{begun}");
    let task = able(json!({"taskId": begun["result"]["taskId"]}));
    let hidden = shop.client("eve", "orders:write").ask(1, "tasks/get", task.clone()).await;
    assert_eq!(hidden["error"]["code"], -32602, "{hidden}");
    let mut found = json!(null);
    for id in 21..200 {
        found = ada.ask(id, "tasks/get", task.clone()).await;
        if found["result"]["status"] == "completed" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(found["result"]["result"]["content"][0]["text"], "10 orders, 120 euros", "{found}");
    // Sessions know no tasks: what does not take long is waited for.
    let mut session = shop.client("ada", "orders:read");
    session.initialize().await;
    let reported = session.ask_in_session(1, "tools/call", json!({"name": "report"})).await;
    assert_eq!(text(&reported), "10 orders, 120 euros");
    let refused = shop.client("eve", "orders:other").ask(1, "tools/call", report).await;
    assert!(refused["error"].is_object(), "{refused}");
}
