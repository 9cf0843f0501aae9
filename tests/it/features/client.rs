//! A client of any revision, who is asked and answers as its revision has it.

use mcp::Server;
use serde_json::{Map, Value, json};

use super::offered::{APPS, CLOCK, TASKS, server};
use super::{NO, STATELESS, Way};
use crate::wire::{Wire, stateless};

/// What a client can do, as its revision has it; extensions are declared to each, whether it knows them or not.
fn capabilities(revision: &str) -> Value {
    let elicitation = if revision < "2025-11-25" { json!({}) } else { json!({"form": {}, "url": {}}) };
    json!({
        "elicitation": elicitation, "sampling": {}, "roots": {},
        "extensions": {TASKS: {}, CLOCK: {}, APPS: {}},
    })
}

/// A client of one revision, before it has said anything.
pub struct Client {
    pub server: Server,
    pub wire: Wire,
    pub revision: &'static str,
    begun: bool,
    next: u64,
}

impl Client {
    pub async fn new(way: Way, revision: &'static str) -> Self {
        let server = server();
        let wire = match way {
            Way::Over(over) => Wire::connect_to(over, &server).await,
            Way::Unrecorded => Wire::unrecorded(&server),
        };
        Self { server, wire, revision, begun: false, next: 1 }
    }

    /// What the server says of itself.
    pub async fn begin(&mut self) -> Value {
        self.begun = true;
        if self.revision == STATELESS {
            return self.ask_at_once("server/discover", json!({})).await["result"].clone();
        }
        let hello = self.wire.introduce(self.revision, capabilities(self.revision)).await;
        assert_eq!(hello["result"]["protocolVersion"], self.revision);
        hello["result"].clone()
    }

    pub fn request(&mut self, method: &str, mut params: Value) -> Value {
        self.next += 1;
        if self.revision == STATELESS {
            let declared = capabilities(self.revision);
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = declared;
            return stateless(self.next, method, params);
        }
        json!({"jsonrpc": "2.0", "id": self.next, "method": method, "params": params})
    }

    /// Asks in the way of the revision, with an introduction before it where there must be one.
    pub async fn ask(&mut self, method: &str, params: Value) -> Value {
        if !self.begun {
            self.begin().await;
        }
        self.ask_at_once(method, params).await
    }

    pub async fn ask_at_once(&mut self, method: &str, params: Value) -> Value {
        let request = self.request(method, params);
        let id = request["id"].clone();
        self.wire.send(request).await;
        self.wire.answer(&id).await
    }

    pub async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    /// A whole list, page by page.
    pub async fn list(&mut self, method: &str, member: &str) -> Vec<Value> {
        let (mut found, mut params) = (Vec::new(), json!({}));
        loop {
            let page = self.ask(method, params).await["result"].clone();
            found.extend(page[member].as_array().unwrap().clone());
            match page.get("nextCursor") {
                Some(cursor) => params = json!({"cursor": cursor}),
                None => return found,
            }
        }
    }

    pub async fn tool(&mut self, name: &str) -> Value {
        let tools = self.list("tools/list", "tools").await;
        tools.into_iter().find(|tool| tool["name"] == name).unwrap()
    }

    /// Calls a tool that asks, and answers: how it was asked, if the answer came back as the result.
    pub async fn asked(&mut self, tool: &str) -> &'static str {
        self.begin().await;
        let params = json!({"name": tool, "arguments": {}});
        let mut request = self.request("tools/call", params.clone());
        self.wire.send(request.clone()).await;
        let mut how = NO;
        loop {
            let message = self.wire.receive().await;
            if message["method"].is_string() {
                how = "request";
                let answer = json!({"jsonrpc": "2.0", "id": message["id"], "result": answer_to(&message)});
                self.wire.send(answer).await;
                continue;
            }
            assert_eq!(message["id"], request["id"], "{message}");
            if message["result"]["resultType"] != "input_required" {
                let answered = message["result"]["content"][0]["text"] == "Ada";
                assert_eq!(answered, how != NO, "{message}");
                return how;
            }
            how = "result";
            let asked = message["result"]["inputRequests"].as_object().unwrap();
            let answers: Map<_, _> = asked.iter().map(|(key, it)| (key.clone(), answer_to(it))).collect();
            let mut params = params.clone();
            params["inputResponses"] = answers.into();
            params["requestState"] = message["result"]["requestState"].clone();
            request = self.request("tools/call", params);
            self.wire.send(request.clone()).await;
        }
    }
}

/// What a client answers that says "Ada" to everything.
fn answer_to(question: &Value) -> Value {
    let params = &question["params"];
    match question["method"].as_str().unwrap() {
        "elicitation/create" if params["mode"] == "url" => json!({"action": "accept"}),
        "elicitation/create" if params["requestedSchema"]["properties"]["colours"].is_object() => {
            json!({"action": "accept", "content": {"colours": ["red"]}})
        }
        "elicitation/create" => json!({"action": "accept", "content": {"name": "Ada"}}),
        "sampling/createMessage" => {
            json!({"role": "assistant", "model": "m", "content": {"type": "text", "text": "Ada"}})
        }
        "roots/list" => json!({"roots": [{"uri": "file:///Ada"}]}),
        other => panic!("nothing to answer to {other}"),
    }
}
