//! What calls say on their streams.
//!
//! Of each stream there is a hash: the events by their numbers; `m`, the key of the machine where the call is; `o`, that it has
//! ended; `b`, how many bytes there are; `s`, since when the machine is missed.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use ::redis::Script;

use super::Redis;
use super::calls::millis;
use super::tasks::{LIFE, MISSED};
use crate::replicas::{EventStore, EventsSaid};
use crate::{BoxError, BoxFuture};

/// So long a stream is kept after something was said.
const KEPT_FOR: Duration = Duration::from_secs(5 * 60);
/// A stream that goes on for long is kept as long.
const LONGEST: Duration = Duration::from_secs(3600);
/// Of a stream that is longer, in bytes, only questions and results are kept.
const MOST_BYTES: usize = 4 << 20;

/// KEYS: the stream, its machine. ARGV: number, event, bytes at most, for how long, the machine's life.
static SAY: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r#"
local bytes = tonumber(redis.call('HGET', KEYS[1], 'b') or 0) + #ARGV[2]
if bytes <= tonumber(ARGV[3]) or not string.find(ARGV[2], '{"kind":"Notice"', 1, true) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2], 'b', bytes)
end
redis.call('HSET', KEYS[1], 'm', KEYS[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return redis.call('SET', KEYS[2], '1', 'PX', ARGV[5])
"#,
    )
});

static END: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
redis.call('HSET', KEYS[1], 'o', '1')
return redis.call('PEXPIRE', KEYS[1], ARGV[1])
",
    )
});

/// KEYS: the stream. ARGV: how long a machine is missed before it counts as gone, the last event that is known. Gives all fields but old
/// events; `o` where nothing more comes.
static READ: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local held = redis.call('HMGET', KEYS[1], 'm', 'o', 's')
if held[1] and not held[2] then
  if redis.call('EXISTS', held[1]) == 1 then
    redis.call('HDEL', KEYS[1], 's')
  else
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    if not held[3] then
      redis.call('HSET', KEYS[1], 's', string.format('%.0f', now))
    elseif now - held[3] >= tonumber(ARGV[1]) then
      redis.call('HSET', KEYS[1], 'o', '1')
    end
  end
end
local all, new = redis.call('HGETALL', KEYS[1]), {}
for at = 1, #all, 2 do
  local number = tonumber(all[at])
  if not number or number > tonumber(ARGV[2]) then
    new[#new + 1] = all[at]
    new[#new + 1] = all[at + 1]
  end
end
return new
",
    )
});

impl EventStore for Redis {
    fn say<'a>(
        &'a self,
        stream: &'a str,
        number: u64,
        event: &'a str,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            self.works_for(stream);
            let mut script = SAY.key(self.key("events", stream));
            script.key(self.machine_key());
            script.arg(number).arg(event).arg(MOST_BYTES).arg(millis(LONGEST)).arg(millis(LIFE));
            Ok(self.connection.ask(&script).await?)
        })
    }

    fn end<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            self.works_no_more_for(stream);
            let mut script = END.key(self.key("events", stream));
            script.arg(millis(KEPT_FOR));
            Ok(self.connection.ask(&script).await?)
        })
    }

    fn read<'a>(
        &'a self,
        stream: &'a str,
        after: u64,
    ) -> BoxFuture<'a, Result<Option<EventsSaid>, BoxError>> {
        Box::pin(async move {
            let mut script = READ.key(self.key("events", stream));
            script.arg(millis(MISSED)).arg(after);
            let held: HashMap<String, String> = self.connection.ask(&script).await?;
            if held.is_empty() {
                return Ok(None);
            }
            let ended = held.contains_key("o");
            let numbered = held.into_iter().filter_map(|(name, event)| Some((name.parse().ok()?, event)));
            let mut events: Vec<(u64, String)> = numbered.filter(|(number, _)| *number > after).collect();
            events.sort_unstable_by_key(|(number, _)| *number);
            Ok(Some(EventsSaid { events, ended }))
        })
    }
}
