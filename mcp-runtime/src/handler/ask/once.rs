//! What a function does once, however often it is run.

use std::convert::Infallible;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Context;
use crate::Error;
use crate::idempotency::Turn;
use crate::model::Way;

impl Context {
    /// Does something once in a call, however often the function is run for it.
    ///
    /// A function that [asks](crate::Ask) may be run several times for one call, and the client may send an answer twice.
    /// What `future` gives is remembered under `key` if it is `Ok`, and given again without running another; an `Err` is not
    /// remembered. It is remembered with the call's state and on this machine, or where
    /// [`ServerBuilder::once_store`](crate::ServerBuilder::once_store) says, for as long as that state is valid.
    ///
    /// It does not protect against a client that calls anew, without that state.
    ///
    /// ```
    /// # use mcp::{Context, ToolError};
    /// # #[derive(serde::Deserialize, schemars::JsonSchema)] struct Rating { stars: u8 }
    /// # async fn place_order(item: &str) -> Result<u64, ToolError> { Ok(7) }
    /// /// Orders something, and asks how that was.
    /// #[mcp::tool]
    /// async fn order(item: String, cx: Context) -> Result<String, ToolError> {
    ///     let number = cx.once("order", place_order(&item)).await?;
    ///     let rating: Rating = cx.elicit("How easy was that, from 1 to 5?").await?;
    ///     Ok(format!("order {number}, {} stars", rating.stars))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `future`. Where its result cannot be remembered, the call ends with an internal error.
    ///
    /// # Cancellation
    ///
    /// Where the call is cancelled while `future` runs, that is dropped, and nothing is remembered.
    pub async fn once<T, E, F>(&self, key: &str, future: F) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = Result<T, E>>,
    {
        let asking = &self.facts().asking;
        if let Some(done) = asking.done(key) {
            return Ok(self.remembered(key, done).await);
        }
        let (Way::Again(store), Some((nonce, until))) = (asking.way(), asking.nonce()) else {
            let given = future.await?;
            let kept = self.kept(key, &given).await;
            asking.record_done(key, kept);
            return Ok(given);
        };
        let Some(cell) = store.cell(&nonce, key, until) else {
            return Ok(self.broken("too much is remembered: try again later").await);
        };
        // Whoever comes second waits for the first, and takes over where that is cancelled.
        let mut given = None;
        let done = cell.get_or_try_init(|| async {
            let turn = match store.turn(&nonce, key, until).await {
                Ok(Turn::Done(done)) => return Ok(done),
                Ok(turn) => turn,
                Err(why) => return Ok(self.broken(&format!("under {key:?}: {why}")).await),
            };
            let value = turn.hold(future).await?;
            let kept = self.kept(key, &value).await;
            turn.finish(&kept).await;
            given = Some(value);
            Ok::<_, E>(kept)
        });
        let done = done.await?.clone();
        asking.record_done(key, done.clone());
        match given {
            Some(given) => Ok(given),
            None => Ok(self.remembered(key, done).await),
        }
    }

    async fn kept<T: Serialize>(&self, key: &str, value: &T) -> Value {
        match serde_json::to_value(value) {
            Ok(kept) => kept,
            Err(error) => {
                self.broken(&format!("what was done under {key:?} cannot be remembered: {error}")).await
            }
        }
    }

    async fn remembered<T: DeserializeOwned>(&self, key: &str, done: Value) -> T {
        match serde_json::from_value(done) {
            Ok(value) => value,
            // It was done, by another version of the function, so it must not be done again.
            Err(error) => self.broken(&format!("what was done under {key:?} cannot be read: {error}")).await,
        }
    }

    /// Ends the run.
    async fn broken<T>(&self, why: &str) -> T {
        tracing::error!(why, "a call cannot go on");
        self.facts().asking.fail(Error::internal(why));
        match std::future::pending::<Infallible>().await {}
    }
}
