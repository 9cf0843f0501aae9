//! Tasks, so that any machine can be asked for them.
//!
//! Of each task there is a hash: `r`, the record; `v`, when it was updated, so that an old record never takes the place of a
//! newer one; `m`, the key of the machine that runs it, which is there for as long as that machine lives; `o`, whether it is
//! over; `s`, since when the machine is missed.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ::redis::{Script, ScriptInvocation, cmd};
use serde_json::json;
use tokio::sync::Semaphore;

use super::Redis;
use super::calls::millis;
use crate::tasks::{TaskRecord, TaskStatus, TaskStore};
use crate::{BoxError, BoxFuture};

/// So long after its last sign of life a machine is missed.
pub(super) const LIFE: Duration = Duration::from_secs(15);
const BEAT: Duration = Duration::from_secs(4);
/// So long it is missed before it counts as gone: after Redis was away, whoever lives has time to say so.
pub(super) const MISSED: Duration = Duration::from_secs(10);
/// So many records wait at once for Redis to be back.
static LATER: Semaphore = Semaphore::const_new(256);
const TRY_AGAIN: Duration = Duration::from_millis(500);
const TRY_FOR: Duration = Duration::from_secs(60);

/// KEYS: the task, its machine. ARGV: record, updated, over, for how long it is kept, the machine's life.
static SAVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
if tonumber(redis.call('HGET', KEYS[1], 'v') or 0) > tonumber(ARGV[2]) then
  return 0
end
redis.call('HSET', KEYS[1], 'r', ARGV[1], 'v', ARGV[2], 'o', ARGV[3], 'm', KEYS[2])
redis.call('HDEL', KEYS[1], 's')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('SET', KEYS[2], '1', 'PX', ARGV[5])
return 1
",
    )
});

/// KEYS: the task. ARGV: how long a machine is missed before it counts as gone. Gives the record, and 1 where nobody works for
/// it any more.
static LOAD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local held = redis.call('HMGET', KEYS[1], 'r', 'o', 'm', 's')
if not held[1] then
  return {'', 0}
end
if held[2] == '1' then
  return {held[1], 0}
end
if redis.call('EXISTS', held[3]) == 1 then
  redis.call('HDEL', KEYS[1], 's')
  return {held[1], 0}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if not held[4] then
  redis.call('HSET', KEYS[1], 's', string.format('%.0f', now))
  return {held[1], 0}
end
return {held[1], now - held[4] >= tonumber(ARGV[1]) and 1 or 0}
",
    )
});

/// This machine, as the others see it.
#[derive(Debug, Default)]
pub(super) struct Machine {
    id: OnceLock<String>,
    beats: OnceLock<()>,
    /// The tasks that it runs.
    working: Mutex<HashSet<String>>,
}

impl Machine {
    fn id(&self) -> &str {
        self.id.get_or_init(|| {
            let mut random = [0; 16];
            let _ = getrandom::fill(&mut random);
            format!("{:032x}", u128::from_ne_bytes(random))
        })
    }

    fn working(&self) -> MutexGuard<'_, HashSet<String>> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Redis {
    /// This machine works for something, and says so as long as it lives.
    pub(super) fn works_for(&self, what: &str) {
        self.machine.working().insert(what.to_owned());
        self.beat();
    }

    pub(super) fn works_no_more_for(&self, what: &str) {
        self.machine.working().remove(what);
    }

    pub(super) fn machine_key(&self) -> String {
        self.key("machine", self.machine.id())
    }

    /// Says that this machine lives, for as long as it has tasks. It ends with the last clone of this.
    fn beat(&self) {
        if self.machine.beats.set(()).is_err() {
            return;
        }
        let (connection, machine, key) =
            (self.connection.clone(), Arc::downgrade(&self.machine), self.machine_key());
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(BEAT).await;
                let Some(machine) = Weak::upgrade(&machine) else { return };
                while !machine.working().is_empty() {
                    let mut beat = cmd("SET");
                    beat.arg(&key).arg("1").arg("PX").arg(millis(LIFE));
                    if connection.ask::<()>(&beat).await.is_ok() {
                        break;
                    }
                    tokio::time::sleep(TRY_AGAIN).await;
                }
            }
        });
    }

    fn saving(&self, task: &TaskRecord) -> Result<ScriptInvocation<'static>, BoxError> {
        let text = serde_json::to_string(task)?;
        let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let age = SystemTime::now().duration_since(task.created).unwrap_or_default();
        let left = Duration::from_millis(task.keep_ms).saturating_sub(age);
        let mut script = SAVE.key(self.key("task", &task.id));
        script.key(self.machine_key());
        script
            .arg(text)
            .arg(since(task.updated).as_micros().to_string())
            .arg(u8::from(task.status.is_over()));
        script.arg(millis(left)).arg(millis(LIFE));
        Ok(script)
    }
}

impl TaskStore for Redis {
    fn save<'a>(&'a self, task: &'a TaskRecord) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let over = task.status.is_over();
            let begins = !over && self.machine.working().insert(task.id.clone());
            let script = self.saving(task)?;
            let saved = self.connection.ask::<()>(&script).await;
            match (&saved, begins) {
                (Ok(()), _) => self.beat(),
                (Err(_), true) => drop(self.machine.working().remove(&task.id)),
                // One that is under way is told of its news when Redis is back.
                (Err(_), false) => {
                    if let Ok(place) = LATER.try_acquire() {
                        let connection = self.connection.clone();
                        let until = tokio::time::Instant::now() + TRY_FOR;
                        tokio::spawn(async move {
                            while connection.ask::<()>(&script).await.is_err()
                                && tokio::time::Instant::now() < until
                            {
                                tokio::time::sleep(TRY_AGAIN).await;
                            }
                            drop(place);
                        });
                    }
                }
            }
            if over {
                self.machine.working().remove(&task.id);
            }
            Ok(saved?)
        })
    }

    fn load<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<TaskRecord>, BoxError>> {
        Box::pin(async move {
            let mut script = LOAD.key(self.key("task", id));
            script.arg(millis(MISSED));
            let (text, gone): (String, u8) = self.connection.ask(&script).await?;
            if text.is_empty() {
                return Ok(None);
            }
            let mut task: TaskRecord = serde_json::from_str(&text)?;
            if gone == 1 {
                let said = "the machine that ran it is gone";
                task.status = TaskStatus::Failed;
                task.message = Some(said.into());
                task.error = Some(json!({"code": -32603, "message": said}));
                task.questions.clear();
            }
            Ok(Some(task))
        })
    }

    fn remove<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            self.machine.working().remove(id);
            let mut remove = cmd("DEL");
            remove.arg(self.key("task", id));
            Ok(self.connection.ask(&remove).await?)
        })
    }
}
