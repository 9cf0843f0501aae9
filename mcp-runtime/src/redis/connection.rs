//! The one connection for all commands: made when it is needed, given up when it breaks or does not answer.
//!
//! While Redis does not answer, commands fail at once, and from time to time one of them tries again.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, ScriptInvocation,
};
use tokio::time::Instant;

/// So long nothing is tried after a failure; twice as long after the next, and so on.
const PAUSE: Duration = Duration::from_millis(125);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

pub(super) struct Connection {
    client: Client,
    timeout: Duration,
    /// Held by whoever connects.
    connecting: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: Option<Open>,
    /// The number of the last connection.
    last: u64,
    failures: u32,
    /// Nothing is tried before.
    again: Option<Instant>,
}

#[derive(Clone)]
struct Open {
    number: u64,
    connection: MultiplexedConnection,
}

/// Something that can be said to Redis.
pub(super) enum Said<'a> {
    Command(&'a Cmd),
    Script(&'a ScriptInvocation<'a>),
}

impl<'a> From<&'a Cmd> for Said<'a> {
    fn from(command: &'a Cmd) -> Self {
        Self::Command(command)
    }
}

impl<'a> From<&'a ScriptInvocation<'a>> for Said<'a> {
    fn from(script: &'a ScriptInvocation<'a>) -> Self {
        Self::Script(script)
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// Within so long.
    Slow(Duration),
    /// It failed just now, and is not asked.
    Away,
    /// With this error.
    Redis(RedisError),
}

impl Failure {
    /// Whether Redis has no memory left.
    pub(super) fn is_full(&self) -> bool {
        matches!(self, Self::Redis(error) if error.code() == Some("OOM"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow(limit) => write!(f, "redis did not answer within {limit:?}"),
            Self::Away => f.write_str("redis did not answer just now, and is not asked again yet"),
            Self::Redis(_) => f.write_str("redis answered with an error, or could not be reached"),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Redis(error) => Some(error),
            _ => None,
        }
    }
}

impl Connection {
    pub(super) fn new(client: Client, timeout: Duration) -> Arc<Self> {
        Arc::new(Self { client, timeout, connecting: tokio::sync::Mutex::default(), state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says something, and gives the answer. What is said must be harmless when it arrives twice: where the connection breaks,
    /// it is said once more.
    pub(super) async fn ask<'a, T: FromRedisValue>(&self, said: impl Into<Said<'a>>) -> Result<T, Failure> {
        self.ask_within(self.timeout, said).await
    }

    pub(super) async fn ask_within<'a, T: FromRedisValue>(
        &self,
        limit: Duration,
        said: impl Into<Said<'a>>,
    ) -> Result<T, Failure> {
        let said = said.into();
        // Whoever stops waiting early has not been answered either.
        let mut asking = Asking { connection: self, number: 0, begun: Instant::now(), limit, over: false };
        let answer = tokio::time::timeout(limit, async {
            let mut tries = 0;
            loop {
                let mut open = self.open().await?;
                asking.number = open.number;
                let answer: RedisResult<T> = match &said {
                    Said::Command(command) => command.query_async(&mut open.connection).await,
                    Said::Script(script) => script.invoke_async(&mut open.connection).await,
                };
                tries += 1;
                match answer {
                    // An old connection may have been closed long ago.
                    Err(error) if tries == 1 && is_broken(&error) => self.drop_connection(open.number),
                    answer => return answer.map_err(Failure::Redis),
                }
            }
        });
        let answer = answer.await.unwrap_or(Err(Failure::Slow(limit)));
        asking.over = true;
        match &answer {
            Ok(_) => self.answered(),
            Err(Failure::Away) => {}
            Err(Failure::Slow(_)) => self.failed(asking.number, true),
            Err(Failure::Redis(error)) => match is_an_answer(error) {
                true => self.answered(),
                false => self.failed(asking.number, is_broken(error)),
            },
        }
        answer
    }

    /// The connection that is open, or another one.
    async fn open(&self) -> Result<Open, Failure> {
        if let Some(open) = self.usable()? {
            return Ok(open);
        }
        let _connecting = self.connecting.lock().await;
        if let Some(open) = self.usable()? {
            return Ok(open);
        }
        // The limit of whoever asks is that of connecting too.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let connected = self.client.get_multiplexed_async_connection_with_config(&config).await;
        let connection = connected.map_err(Failure::Redis)?;
        let mut state = self.state();
        state.last += 1;
        let open = Open { number: state.last, connection };
        state.open = Some(open.clone());
        Ok(open)
    }

    fn usable(&self) -> Result<Option<Open>, Failure> {
        let state = self.state();
        match state.again {
            Some(again) if Instant::now() < again => Err(Failure::Away),
            _ => Ok(state.open.clone()),
        }
    }

    fn drop_connection(&self, number: u64) {
        let mut state = self.state();
        if state.open.as_ref().is_some_and(|open| open.number == number) {
            state.open = None;
        }
    }

    fn answered(&self) {
        let mut state = self.state();
        state.failures = 0;
        state.again = None;
    }

    fn failed(&self, number: u64, broken: bool) {
        if broken {
            self.drop_connection(number);
        }
        let mut state = self.state();
        let now = Instant::now();
        // Of many that fail together only one counts.
        if state.again.is_none_or(|again| again <= now) {
            let pause = PAUSE.saturating_mul(1 << state.failures.min(8)).min(LONGEST_PAUSE);
            state.failures += 1;
            state.again = Some(now + pause);
        }
    }
}

/// Somebody waits for an answer.
struct Asking<'a> {
    connection: &'a Connection,
    number: u64,
    begun: Instant,
    limit: Duration,
    over: bool,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        // Most of those who give up early do so for another reason.
        if !self.over && self.begun.elapsed() >= self.limit / 2 {
            self.connection.failed(self.number, true);
        }
    }
}

/// Whether the connection is of no use any more.
fn is_broken(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error() || error.code() == Some("READONLY")
}

/// Whether Redis works, and only refused this.
fn is_an_answer(error: &RedisError) -> bool {
    !is_broken(error)
        && matches!(
            error.kind(),
            ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::UnexpectedReturnType
        )
        && error.code() != Some("LOADING")
}
