//! Redis behind everything of a server that has a store.

use std::sync::Arc;

use super::Redis;
use super::bus::Channel;
use crate::ServerBuilder;

impl ServerBuilder {
    /// Shares what the server keeps with its replicas, in [`Redis`]: rate limits, calls with a key, what is done
    /// [once](crate::Context::once), sessions and their streams, tasks,
    /// [handles](crate::Handles) and the rests of cut results, and that something has changed. Stores that are given otherwise, such as with
    /// [`RateLimits::store`](crate::RateLimits::store), stay.
    ///
    /// Replicas share [`state_keys`](Self::state_keys) too; without them the server does not build. See the
    /// [guide](crate::guide::replicas).
    #[must_use]
    pub fn redis(mut self, redis: Redis) -> Self {
        self.replicas.limits = Some(Arc::new(redis.clone()));
        self.replicas.calls = Some(Arc::new(redis.clone()));
        self.replicas.bus.get_or_insert_with(|| Arc::new(Channel::new(redis.clone())));
        self.replicas.handles = Some(Arc::new(redis.clone()));
        self.replicas.tasks = Some(Arc::new(redis.clone()));
        self.replicas.events.get_or_insert_with(|| Arc::new(redis.clone()));
        self.replicas.sessions.get_or_insert_with(|| Arc::new(redis.clone()));
        self.replicas.once.get_or_insert_with(|| Arc::new(redis));
        self
    }
}
