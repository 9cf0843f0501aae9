//! What a server says on its own: that lists or resources have changed.

use std::task::{Context, Poll, Waker};

use serde_json::{Map, Value, json};

use super::{Client, RequestError};
use crate::server::{Replies, Reply};

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Changed {
    /// The list of tools.
    Tools,
    /// The list of resources, or of resource templates.
    Resources,
    /// The list of prompts.
    Prompts,
    /// The resource with this URI.
    Resource(String),
}

/// The changes that a client hears of, from [`Client::listen`] on.
#[derive(Debug)]
pub struct Changes(Replies);

impl Client {
    /// Listens: to changes of all lists, and of the resources that are named.
    ///
    /// ```standalone_crate
    /// use mcp::testing::{Changed, both};
    ///
    /// /// Sells.
    /// #[mcp::tool]
    /// async fn sell() {}
    ///
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let server = mcp::server!().build()?;
    /// for client in both(&server) {
    ///     let mut changes = client.listen(&[]).await?;
    ///     assert_eq!(changes.seen(), []);
    ///     server.disable_tool("sell");
    ///     assert_eq!(changes.seen(), [Changed::Tools]);
    ///     server.enable_tool("sell");
    ///     assert_eq!(changes.next().await, Some(Changed::Tools));
    /// }
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Where the server does not accept it, such as for a resource that it has not.
    pub async fn listen(&self, resources: &[&str]) -> Result<Changes, RequestError> {
        self.introduce().await?;
        if !self.stateless {
            for uri in resources {
                self.request("resources/subscribe", json!({"uri": uri})).await?;
            }
            return Ok(Changes(self.server.listen(&self.peer)));
        }
        let lists = ["toolsListChanged", "promptsListChanged", "resourcesListChanged"];
        let mut wanted: Map<String, Value> =
            lists.map(|list| (list.into(), true.into())).into_iter().collect();
        if !resources.is_empty() {
            wanted.insert("resourceSubscriptions".into(), json!(resources));
        }
        let params = json!({"notifications": wanted});
        let mut replies = self.send("subscriptions/listen", params, self.next_id());
        // What is told first is that it is listened to.
        let first = replies.next().await.ok_or_else(RequestError::cancelled)?;
        let first: Value = serde_json::from_slice(first.body()).map_err(RequestError::unreadable)?;
        match first.get("error") {
            Some(error) => Err(RequestError::from(error)),
            None => Ok(Changes(replies)),
        }
    }
}

impl Changes {
    /// The next change; `None` when the server has ended the stream.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost when the future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Changed> {
        loop {
            if let Some(changed) = changed(&self.0.next().await?) {
                return Some(changed);
            }
        }
    }

    /// The changes that have been told since the last look, without waiting for more.
    pub fn seen(&mut self) -> Vec<Changed> {
        let mut seen = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(reply)) = self.0.poll_reply(&mut cx) {
            seen.extend(changed(&reply));
        }
        seen
    }
}

fn changed(reply: &Reply) -> Option<Changed> {
    let message: Value = serde_json::from_slice(reply.body()).ok()?;
    Some(match message.get("method")?.as_str()? {
        "notifications/tools/list_changed" => Changed::Tools,
        "notifications/prompts/list_changed" => Changed::Prompts,
        "notifications/resources/list_changed" => Changed::Resources,
        "notifications/resources/updated" => {
            Changed::Resource(message.pointer("/params/uri")?.as_str()?.to_owned())
        }
        _ => return None,
    })
}
