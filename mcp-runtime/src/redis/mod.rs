//! Redis behind what a server keeps, so that several machines are one server.
//!
//! Each file puts it behind one trait of the framework; nothing here knows requests or the protocol.

mod bus;
mod calls;
mod connection;
mod events;
mod handles;
mod limits;
mod server;
mod sessions;
mod tasks;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::redis::io::tcp::TcpSettings;
use ::redis::{Client, IntoConnectionInfo};

use self::connection::Connection;
use self::tasks::Machine;

/// Redis, which several machines share. Cloning it is cheap, and all clones share one connection.
///
/// It is connected when it is first needed, and again when that breaks. A command that takes longer than
/// [`timeout`](Self::timeout) has failed; after that others fail at once for a while, up to two seconds, so that calls are not
/// held up by a Redis that does not answer. What becomes of calls then is told in the [guide](crate::guide::replicas).
///
/// ```
/// # fn redis() -> Result<(), Box<dyn std::error::Error>> {
/// use mcp::redis::Redis;
///
/// let redis = Redis::open("redis://127.0.0.1:6379")?.prefix("shop:");
/// let key = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=".parse()?;
/// let server = mcp::server!().explicit().redis(redis).state_keys([key]).build()?;
/// # Ok(())
/// # }
/// # redis().unwrap();
/// ```
#[derive(Clone)]
pub struct Redis {
    client: Client,
    /// Where it is, without what must not be seen.
    place: Arc<str>,
    prefix: Arc<str>,
    timeout: Duration,
    connection: Arc<Connection>,
    machine: Arc<Machine>,
}

/// How long a command may take where nothing is said.
const TIMEOUT: Duration = Duration::from_millis(500);

impl Redis {
    /// Redis at this address: `redis://user:password@host:6379/0`, where only the host must be said, or `unix:/path`. It is not
    /// connected yet.
    ///
    /// # Errors
    ///
    /// Where the address cannot be read. The error does not repeat it, since there may be a password in it.
    pub fn open(address: &str) -> Result<Self, RedisAddressError> {
        let info = address.into_connection_info().map_err(|_| RedisAddressError)?;
        let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let place = info.addr().to_string().into();
        let client = Client::open(info).map_err(|_| RedisAddressError)?;
        let connection = Connection::new(client.clone(), TIMEOUT);
        Ok(Self {
            client,
            place,
            prefix: "mcp:".into(),
            timeout: TIMEOUT,
            connection,
            machine: Arc::default(),
        })
    }

    /// What all keys and channels begin with, `mcp:` by default. Servers that are not replicas of each other need prefixes of
    /// their own.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long a command may take, connecting included: 500 ms by default.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self.connection = Connection::new(self.client.clone(), limit);
        self.machine = Arc::default();
        self
    }

    /// A key of our own.
    fn key(&self, kind: &str, name: &str) -> String {
        format!("{}{kind}:{name}", self.prefix)
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, prefix, timeout, .. } = self;
        f.debug_struct("Redis")
            .field("place", place)
            .field("prefix", prefix)
            .field("timeout", timeout)
            .finish_non_exhaustive()
    }
}

/// Text that is no address of Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedisAddressError;

impl fmt::Display for RedisAddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "this is no address of Redis, such as redis://user:password@host:6379/0 or unix:/path (rediss:// needs the \
             feature `tls-rustls` of the crate `redis`)",
        )
    }
}

impl std::error::Error for RedisAddressError {}
