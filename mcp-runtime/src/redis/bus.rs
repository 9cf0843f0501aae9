//! What machines tell each other, published on one channel. What was lost while Redis was away is not told again: everybody
//! is told that something was.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ::redis::aio::PubSubStream;
use ::redis::{RedisResult, cmd};
use futures_core::Stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;

use super::Redis;
use crate::replicas::{Bus, Hearing};

/// So much waits to be told; what comes then is left out.
const MOST_WAITING: usize = 1024;
/// And so many bytes.
const MOST_BYTES: usize = 16 << 20;
/// Whether it still answers is looked at so often.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// When to connect again; twice as long after the next failure, and so on.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// What is told in place of what was left out.
const MISSED: &str = "";

/// Tells through Redis.
#[derive(Debug)]
pub(super) struct Channel {
    redis: Redis,
    name: String,
    waiting: OnceLock<mpsc::Sender<(String, OwnedSemaphorePermit)>>,
    room: Arc<Semaphore>,
    lost: Arc<std::sync::atomic::AtomicBool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Channel {
    pub(super) fn new(redis: Redis) -> Self {
        let name = redis.key("told", "all");
        Self {
            redis,
            name,
            waiting: OnceLock::new(),
            room: Arc::new(Semaphore::new(MOST_BYTES)),
            lost: Arc::default(),
            tasks: Mutex::default(),
        }
    }

    fn own(&self, task: JoinHandle<()>) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        let tasks = self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner);
        tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Bus for Channel {
    fn tell(&self, text: String) {
        use std::sync::atomic::Ordering;
        // Without a runtime nobody has been served, and nobody is told.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let waiting = self.waiting.get_or_init(|| {
            let (sender, receiver) = mpsc::channel(MOST_WAITING);
            let (redis, name, lost) = (self.redis.clone(), self.name.clone(), self.lost.clone());
            self.own(runtime.spawn(async move {
                let mut receiver: mpsc::Receiver<(String, OwnedSemaphorePermit)> = receiver;
                while let Some((mut text, _room)) = receiver.recv().await {
                    loop {
                        if lost.swap(false, Ordering::AcqRel) {
                            text = MISSED.into();
                        }
                        let mut publish = cmd("PUBLISH");
                        publish.arg(&name).arg(&text);
                        match redis.connection.ask::<()>(&publish).await {
                            Ok(()) => break,
                            Err(error) => {
                                if text != MISSED {
                                    tracing::warn!(%error, "other machines cannot be told of changes now");
                                }
                                lost.store(true, Ordering::Release);
                                tokio::time::sleep(PAUSE).await;
                            }
                        }
                    }
                }
            }));
            sender
        });
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let room = self.room.clone().try_acquire_many_owned(length);
        if !room.is_ok_and(|room| waiting.try_send((text, room)).is_ok()) {
            self.lost.store(true, Ordering::Release);
        }
    }

    fn listen(&self, hearing: Hearing) {
        let (redis, name) = (self.redis.clone(), self.name.clone());
        self.own(tokio::spawn(async move {
            let mut pause = PAUSE;
            loop {
                match subscribed(&redis, &name).await {
                    Ok(mut subscribed) => {
                        pause = PAUSE;
                        // What was told before it was heard is lost.
                        if !hearing.missed() || !subscribed.hear(&hearing).await {
                            return;
                        }
                        tracing::warn!("other machines are not heard: the connection to redis broke");
                    }
                    Err(error) => {
                        tracing::warn!(%error, "other machines are not heard: redis cannot be reached");
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
            }
        }));
    }
}

struct Subscribed {
    sink: ::redis::aio::PubSubSink,
    stream: PubSubStream,
    timeout: Duration,
}

async fn subscribed(redis: &Redis, name: &str) -> Result<Subscribed, crate::BoxError> {
    // Nobody waits for it but the task itself.
    let timeout = redis.timeout.max(Duration::from_secs(1));
    let subscribing = async {
        let (mut sink, stream) = redis.client.get_async_pubsub().await?.split();
        sink.subscribe(name).await?;
        RedisResult::Ok((sink, stream))
    };
    let (sink, stream) = tokio::time::timeout(timeout, subscribing).await??;
    Ok(Subscribed { sink, stream, timeout })
}

impl Subscribed {
    /// Hears until the connection breaks, or is silent; `false` where nobody hears any more.
    async fn hear(&mut self, hearing: &Hearing) -> bool {
        let Self { sink, stream, timeout } = self;
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = poll_fn(|cx| std::pin::Pin::new(&mut *stream).poll_next(cx)) => {
                    let Some(message) = message else { return true };
                    let heard = match std::str::from_utf8(message.get_payload_bytes()) {
                        Ok(MISSED) => hearing.missed(),
                        Ok(text) => hearing.hear(text),
                        Err(_) => true,
                    };
                    if !heard {
                        return false;
                    }
                }
                _ = look.tick() => {
                    let answered = tokio::time::timeout(*timeout, sink.ping::<::redis::Value>()).await;
                    if !matches!(answered, Ok(Ok(_))) {
                        return true;
                    }
                }
            }
        }
    }
}
