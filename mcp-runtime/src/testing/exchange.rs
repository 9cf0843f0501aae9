//! One request and all that belongs to it: what is said before the result, what is asked, and the runs that a question costs
//! a stateless client.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::{Asked, Client, RequestError};
use crate::server::{Replies, ReplyKind};
use crate::wire::{self, meta};

/// A call may be answered with questions so often.
const MOST_ROUNDS: usize = 100;

/// What was heard before a result.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Heard {
    pub(super) progress: Vec<Value>,
    pub(super) logs: Vec<Value>,
    pub(super) asked: Vec<Asked>,
}

/// A message of the server.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    id: Value,
    method: Option<String>,
    #[serde(default)]
    params: Value,
    result: Option<Value>,
    error: Option<Value>,
}

/// A result that asks.
#[derive(Deserialize)]
struct Asking {
    result: Questions,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Questions {
    #[serde(default)]
    input_requests: InOrder,
}

/// The members of an object in the order in which they were sent.
#[derive(Default)]
struct InOrder(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for InOrder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = InOrder;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<InOrder, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(InOrder(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// What came of one message.
enum Round {
    Done(Value),
    /// The client is to call again with the answers.
    Again {
        answers: Map<String, Value>,
        state: Option<Value>,
    },
}

impl Client {
    /// Sends a request until it has its result. `id` is told the id that it goes under.
    pub(super) async fn exchange(
        &self,
        method: &str,
        mut params: Value,
        id: &AtomicU64,
    ) -> Result<(Value, Heard), RequestError> {
        self.introduce().await?;
        let mut heard = Heard::default();
        for _ in 0..MOST_ROUNDS {
            match self.round(method, params.clone(), id, &mut heard).await? {
                Round::Done(result) => return Ok((result, heard)),
                Round::Again { answers, state } => {
                    if let Some(params) = params.as_object_mut() {
                        params.insert("inputResponses".into(), answers.into());
                        state.map(|state| params.insert("requestState".into(), state));
                    }
                }
            }
        }
        Err(RequestError::own(format!("the server asked {MOST_ROUNDS} times, and had no result yet")))
    }

    /// Sends a request that asks nothing back, before the client has introduced itself.
    pub(super) async fn bare(&self, method: &str, params: Value) -> Result<Value, RequestError> {
        match self.round(method, params, &AtomicU64::default(), &mut Heard::default()).await? {
            Round::Done(result) => Ok(result),
            Round::Again { .. } => Err(RequestError::own(format!("\"{method}\" asks something"))),
        }
    }

    /// Sends a message that has no reply.
    pub(super) async fn say(&self, message: &Value) {
        let mut replies = self.server.handle(message.to_string().as_bytes(), &self.peer);
        // This only lets the server take it.
        while !replies.is_listening() && replies.next().await.is_some_and(|reply| !reply.is_last()) {}
    }

    /// Hands a request to the server.
    pub(super) fn send(&self, method: &str, mut params: Value, id: u64) -> Replies {
        if let Some(params) = params.as_object_mut() {
            let own = params.entry("_meta").or_insert_with(|| Value::Object(Map::new()));
            if let Some(own) = own.as_object_mut() {
                own.entry(meta::PROGRESS_TOKEN).or_insert_with(|| id.into());
                if self.stateless {
                    own.entry(meta::PROTOCOL_VERSION).or_insert_with(|| wire::STATELESS.into());
                    own.entry(meta::CLIENT_CAPABILITIES).or_insert_with(|| self.script.capabilities());
                    own.entry(meta::LOG_LEVEL).or_insert_with(|| self.level.name().into());
                }
            }
        }
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string();
        self.server.handle(message.as_bytes(), &self.peer)
    }

    /// An id that no request had.
    pub(super) fn next_id(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    async fn round(
        &self,
        method: &str,
        params: Value,
        id: &AtomicU64,
        heard: &mut Heard,
    ) -> Result<Round, RequestError> {
        let number = self.next_id();
        id.store(number, Ordering::Relaxed);
        let mut replies = self.send(method, params, number);
        while let Some(reply) = replies.next().await {
            let message: Message = serde_json::from_slice(reply.body()).map_err(RequestError::unreadable)?;
            if let Some(error) = &message.error {
                return Err(RequestError::from(error));
            }
            match (reply.kind(), message.method.as_deref(), message.result) {
                (ReplyKind::Request, Some(method), _) => {
                    let key = message.id.as_u64().and_then(|id| replies.key(id)).unwrap_or_default();
                    let asked = Asked { key: key.into(), method: method.into(), params: message.params };
                    let result = self.answer(asked, heard)?;
                    self.say(&json!({"jsonrpc": "2.0", "id": message.id, "result": result})).await;
                }
                (_, Some("notifications/progress"), _) => heard.progress.push(message.params),
                (_, Some("notifications/message"), _) => heard.logs.push(message.params),
                (ReplyKind::Response, _, Some(result)) => return self.result(result, reply.body(), heard),
                _ => {}
            }
        }
        Err(RequestError::cancelled())
    }

    /// A result, or the answers to what it asks. Who has no script sees what asks as the result that it is.
    fn result(&self, mut result: Value, body: &[u8], heard: &mut Heard) -> Result<Round, RequestError> {
        let asks = result.get("resultType").is_some_and(|kind| kind == "input_required");
        if !asks || self.script.capabilities() == json!({}) {
            return Ok(Round::Done(result));
        }
        let asking: Asking = serde_json::from_slice(body).map_err(RequestError::unreadable)?;
        let mut answers = Map::new();
        for (key, mut question) in asking.result.input_requests.0 {
            let method = question.get("method").and_then(Value::as_str).unwrap_or_default().to_owned();
            let params = question.get_mut("params").map(Value::take).unwrap_or_default();
            let asked = Asked { key: key.clone(), method, params };
            answers.insert(key, self.answer(asked, heard)?);
        }
        Ok(Round::Again { answers, state: result.get_mut("requestState").map(Value::take) })
    }

    fn answer(&self, asked: Asked, heard: &mut Heard) -> Result<Value, RequestError> {
        let answer = self.script.answer(&asked).ok_or_else(|| {
            RequestError::own(format!(
                "the script has no answer to \"{}\" {:?} ({})",
                asked.key(),
                asked.message(),
                asked.method()
            ))
        });
        heard.asked.push(asked);
        answer
    }
}
