//! A call with a key is made once. Those that come with the same key meanwhile wait for it, and those that come later are
//! told what it gave.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::JoinHandle;
use tower_service::Service;

use super::refusal::Asked;
use super::through::Through;
use crate::ToolError;
use crate::error::FailureKind;
use crate::idempotency::{Claim, Digest, Ended, Found, Idempotency, IdempotencyStore, Memory};
use crate::json::string;
use crate::limits::Counted;
use crate::model::{Arguments, Content, Extended, Meta, Operation, Request, Response, ToolResult};

/// A key has so many bytes at most.
const LONGEST_KEY: usize = 256;
/// So long a call waits for another one with the same key.
const PATIENCE: Duration = Duration::from_secs(60);
/// When to ask again for what is not there yet.
const LATER: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub(crate) struct Once<S> {
    inner: S,
    keys: Arc<Keys>,
}

/// Where keys are kept, and how long.
#[derive(Debug)]
pub(crate) struct Keys {
    store: Arc<dyn IdempotencyStore>,
    /// Whether other machines use the store too.
    shared: bool,
    keep: Duration,
    /// Whoever does not renew his claim for so long has died.
    lease: Duration,
}

impl Keys {
    pub(crate) fn new(settings: &Idempotency) -> Self {
        let Idempotency { keep, lease, most, bytes, store } = settings.clone();
        let shared = store.is_some();
        let store = store.unwrap_or_else(|| Arc::new(Memory::new(most, bytes)));
        Self { store, shared, keep, lease }
    }
}

impl<S> Once<S> {
    pub(crate) fn new(inner: S, keys: Arc<Keys>) -> Self {
        Self { inner, keys }
    }
}

impl<S> Service<Request> for Once<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + Unpin,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Through<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let keyed = match keyed(&request) {
            Ok(None) => return Through::Straight(self.inner.call(request)),
            Ok(Some(keyed)) => keyed,
            Err(problem) => return Through::answered(Asked::of(&request).wrong(problem)),
        };
        let (mut inner, keys) = (self.inner.clone(), self.keys.clone());
        Through::Around(Box::pin(async move {
            let asked = Asked::of(&request);
            let claimed = match claim(&keys, keyed, asked).await {
                Ok(claimed) => claimed,
                Err(answer) => return *answer,
            };
            // Dropped without an end, it says that nobody knows.
            let renewing = claimed.renewing();
            let response = inner.call(request).await.unwrap_or_else(|never| match never {});
            drop(renewing);
            claimed.finish(ended(&response)).await;
            response
        }))
    }
}

/// A call that has a key.
struct Keyed {
    key: String,
    caller: String,
    digest: u64,
}

/// The key of a call, if it has one.
fn keyed(request: &Request) -> Result<Option<Keyed>, String> {
    let Operation::CallTool(call) = &request.operation else { return Ok(None) };
    let Arguments::Json(arguments) = &call.arguments else { return Ok(None) };
    let named = call.tool.definition.idempotency;
    let written = named.and_then(|name| arguments.get(name)).filter(|raw| *raw != "null");
    let key = match (written, &request.facts.idempotency_key) {
        (None, None) => return Ok(None),
        (None, Some(key)) => key.to_string(),
        (Some(raw), _) => match string(raw) {
            Some(text) => text.into_owned(),
            // Whether it may be a number is for the schema to say.
            None => raw.to_owned(),
        },
    };
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(format!("the key of a call has 1 to {LONGEST_KEY} bytes; this one has {}", key.len()));
    }
    let facts = &*request.facts;
    let caller = match facts.remote.and_then(|remote| remote.address) {
        _ if !facts.principal.is_anonymous() => Counted::Caller(&facts.principal).to_string(),
        Some(address) => Counted::Address(address).to_string(),
        None => String::new(),
    };
    let arguments: Value = serde_json::from_str(arguments.raw()).unwrap_or_default();
    let key = format!("{caller}|{}|{key:?}", call.tool.name());
    Ok(Some(Keyed { key, caller, digest: Digest::of(&arguments) }))
}

/// The claim of a call that is to be made, or the answer to one that is not.
async fn claim(keys: &Arc<Keys>, keyed: Keyed, asked: Asked) -> Result<Claimed, Box<Response>> {
    let mut random = [0; 16];
    if let Err(error) = getrandom::fill(&mut random) {
        tracing::error!(%error, "without randomness no call can be claimed");
        let said = format!("{asked} cannot be called with a key now; it was not run");
        return Err(Box::new(asked.unavailable(said, LATER)));
    }
    let owner = format!("{:032x}", u128::from_ne_bytes(random));
    // There is nothing to say of its end before it is claimed.
    let mut claimed = Claimed { keys: keys.clone(), keyed, owner, over: true };
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            match keys.store.claim(&claimed.keyed.key, claimed.claim()).await {
                Ok(Found::AtWork { digest }) if digest == claimed.keyed.digest => {
                    keys.store.changed(&claimed.keyed.key).await;
                }
                found => break found,
            }
        }
    });
    let found = match waited.await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => {
            tracing::error!(%error, "the store of keys fails: calls with a key are not made");
            let said =
                format!("it cannot be told whether {asked} was called with this key before; it was not run");
            return Err(Box::new(asked.unavailable(said, LATER)));
        }
        Err(_) => Found::AtWork { digest: claimed.keyed.digest },
    };
    let same = claimed.keyed.digest;
    let answer = match found {
        Found::Claimed => {
            claimed.over = false;
            return Ok(claimed);
        }
        Found::AtWork { digest } | Found::Ended { digest, .. } | Found::Unknown { digest } if digest != same => {
            asked.wrong(format!(
                "{asked} was called with this key and other arguments before; a call with other arguments needs a key of \
                 its own, and this one was not run"
            ))
        }
        Found::AtWork { .. } => {
            asked.unavailable(format!("{asked} is still at work for an earlier call with this key"), LATER)
        }
        Found::Full { retry_after } => {
            asked.unavailable(format!("there is no room for another key of {asked}; it was not run"), retry_after)
        }
        Found::Ended { ended: Ended::Kept(text), .. } => replayed(&text).unwrap_or_else(|| unknown(asked)),
        Found::Ended { ended: Ended::TooLong, .. } => {
            let error = ToolError::fatal(format!(
                "{asked} was run with this key before, and gave a result that was too long to be kept"
            ));
            asked.failed(error.code("result_not_kept"), FailureKind::Refused)
        }
        Found::Ended { .. } | Found::Unknown { .. } => unknown(asked),
    };
    Err(Box::new(answer))
}

fn unknown(asked: Asked) -> Response {
    let error = ToolError::fatal(format!(
        "the outcome is unknown: {asked} was begun with this key and did not come to an end that anybody saw. Find out \
         whether it was done before you call it with another key"
    ));
    asked.failed(error.code("outcome_unknown"), FailureKind::Refused)
}

/// A call that is made under a key.
struct Claimed {
    keys: Arc<Keys>,
    keyed: Keyed,
    owner: String,
    /// Nothing is left to be said of it.
    over: bool,
}

impl Claimed {
    fn claim(&self) -> Claim<'_> {
        Claim {
            digest: self.keyed.digest,
            owner: &self.owner,
            lease: self.keys.lease,
            keep: self.keys.keep,
            caller: &self.keyed.caller,
        }
    }

    /// Keeps the claim alive while the call is made.
    fn renewing(&self) -> Option<Renewing> {
        if !self.keys.shared {
            return None;
        }
        let copy = self.copy();
        Some(Renewing(tokio::spawn(async move {
            loop {
                tokio::time::sleep(copy.keys.lease / 4).await;
                if let Err(error) = copy.keys.store.renew(&copy.keyed.key, copy.claim()).await {
                    tracing::warn!(%error, "the claim of a key could not be renewed");
                }
            }
        })))
    }

    /// The same claim, for somebody who has nothing to say at its end.
    fn copy(&self) -> Self {
        let Keyed { key, caller, digest } = &self.keyed;
        let keyed = Keyed { key: key.clone(), caller: caller.clone(), digest: *digest };
        Self { keys: self.keys.clone(), keyed, owner: self.owner.clone(), over: true }
    }

    async fn finish(mut self, ended: Ended) {
        self.over = true;
        let copy = self.copy();
        let finishing = async move {
            let finished = copy.keys.store.finish(&copy.keyed.key, copy.claim(), ended);
            let lease = copy.keys.lease;
            let problem = match tokio::time::timeout(lease, finished).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("the store did not answer within {lease:?}"),
            };
            tracing::error!(error = problem, "what came of a call with a key could not be kept");
        };
        if !self.keys.shared {
            return finishing.await;
        }
        // A task of its own: whoever goes away now loses nothing of what was done, and nobody waits long for a store.
        let _ = tokio::time::timeout(LATER, tokio::spawn(finishing)).await;
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let copy = self.copy();
        let mut finishing = Box::pin(async move {
            if let Err(error) = copy.keys.store.finish(&copy.keyed.key, copy.claim(), Ended::Unknown).await {
                tracing::error!(%error, "that a call with a key was given up could not be kept");
            }
        });
        // In memory it is done at once.
        let done = finishing.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        if !done && let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(finishing);
        }
    }
}

/// Ends the renewing of a claim.
struct Renewing(JoinHandle<()>);

impl Drop for Renewing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What is to be kept of a call.
fn ended(response: &Response) -> Ended {
    match response.failure() {
        None | Some(FailureKind::Fatal | FailureKind::Unexpected) => {}
        Some(FailureKind::TimedOut | FailureKind::Panicked) => return Ended::Unknown,
        Some(_) => return Ended::NotDone,
    }
    let kept = match response {
        Response::Tool(result) => Kept::Tool {
            content: result.content.clone(),
            structured: result.structured.clone(),
            is_error: result.is_error,
            fatal: result.failure == Some(FailureKind::Fatal),
            meta: result.meta.clone(),
        },
        Response::Extended(Extended { kind: Some("task"), members }) => Kept::Task(members.clone()),
        // The client is asked something, and calls again with the answer.
        Response::InputRequired(_) => return Ended::NotDone,
        _ => return Ended::Unknown,
    };
    match serde_json::to_string(&kept) {
        Ok(text) => Ended::Kept(text.into()),
        Err(error) => {
            tracing::error!(%error, "a result has no form in JSON and cannot be kept");
            Ended::TooLong
        }
    }
}

/// A result as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kept {
    Tool {
        #[serde(default)]
        content: Vec<Content>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        structured: Option<String>,
        #[serde(default)]
        is_error: bool,
        #[serde(default)]
        fatal: bool,
        #[serde(default)]
        meta: Meta,
    },
    Task(serde_json::Map<String, Value>),
}

fn replayed(text: &str) -> Option<Response> {
    Some(match serde_json::from_str(text).ok()? {
        Kept::Tool { content, structured, is_error, fatal, mut meta } => {
            meta.put("idempotentReplay".into(), true.into());
            let kind = if fatal { FailureKind::Fatal } else { FailureKind::Unexpected };
            let failure = is_error.then_some(kind);
            Response::Tool(ToolResult { content, structured, is_error, failure, meta })
        }
        Kept::Task(members) => Response::Extended(Extended { kind: Some("task"), members }),
    })
}
