//! Sessions, each a hash that is forgotten when it is idle. Of one that has ended only the field `ended` is left.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use ::redis::Script;

use super::Redis;
use super::calls::millis;
use crate::replicas::{SessionStore, Stored};
use crate::{BoxError, BoxFuture};

const ENDED: &str = "ended";

static LOAD: LazyLock<Script> = LazyLock::new(|| {
    Script::new("redis.call('PEXPIRE', KEYS[1], ARGV[1]) return redis.call('HGETALL', KEYS[1])")
});

/// ARGV: how long, then a name, `1` or `0` for what is forgotten, and a text, for each change.
static CHANGE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
if redis.call('HEXISTS', KEYS[1], 'ended') == 1 then
  return 0
end
for at = 2, #ARGV, 3 do
  if ARGV[at + 1] == '1' then
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 2])
  else
    redis.call('HDEL', KEYS[1], ARGV[at])
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
",
    )
});

static END: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "redis.call('DEL', KEYS[1]) redis.call('HSET', KEYS[1], 'ended', '1') return redis.call('PEXPIRE', KEYS[1], ARGV[1])",
    )
});

impl SessionStore for Redis {
    fn load<'a>(&'a self, key: &'a str, idle: Duration) -> BoxFuture<'a, Result<Stored, BoxError>> {
        Box::pin(async move {
            let mut script = LOAD.key(self.key("session", key));
            script.arg(millis(idle));
            let kept: BTreeMap<String, String> = self.connection.ask(&script).await?;
            Ok(match kept.is_empty() {
                true => Stored::Unknown,
                false if kept.contains_key(ENDED) => Stored::Ended,
                false => Stored::Kept(kept),
            })
        })
    }

    fn change<'a>(
        &'a self,
        key: &'a str,
        changes: &'a [(String, Option<String>)],
        idle: Duration,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let mut script = CHANGE.key(self.key("session", key));
            script.arg(millis(idle));
            for (name, text) in changes {
                script.arg(name).arg(u8::from(text.is_some())).arg(text.as_deref().unwrap_or_default());
            }
            Ok(self.connection.ask(&script).await?)
        })
    }

    fn end<'a>(&'a self, key: &'a str, idle: Duration) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let mut script = END.key(self.key("session", key));
            script.arg(millis(idle));
            Ok(self.connection.ask(&script).await?)
        })
    }
}
