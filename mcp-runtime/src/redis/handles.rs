//! What stands behind handles, and the rests of results that were cut.
//!
//! Of each there is a hash: `v`, the sealed value; `o` and `s`, what is counted of its owner. Of each owner there is a set of
//! the keys of his hashes by when they are forgotten, and a hash of their sizes, whose sum has the name `` (nothing).

use std::sync::LazyLock;

use ::redis::{Script, cmd};

use super::Redis;
use super::calls::millis;
use crate::handles::{HandleStore, Keeping, Room};
use crate::{BoxError, BoxFuture};

/// A longer value would hold up everything else that is said to Redis.
const LONGEST: usize = 4 << 20;
/// So many bytes one caller has at most.
const MOST_BYTES: usize = 16 << 20;

/// What is not counted is not there, or about to be.
const FORGET: &str = r"
local function uncount(name, of, sizes)
  local size = redis.call('HGET', sizes, name)
  if size then
    redis.call('HDEL', sizes, name)
    redis.call('HINCRBY', sizes, '', -size)
  end
  redis.call('ZREM', of, name)
end
local function forget(name, of, sizes)
  uncount(name, of, sizes)
  return redis.call('DEL', name)
end
";

/// KEYS: the handle, those of its owner, their sizes. ARGV: value, for how long, how many at most, how many bytes. A caller makes
/// room at his own cost. The value is written first: where Redis has no memory it refuses that, and nothing has changed.
static PUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(&format!(
        r"{FORGET}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local name, of, sizes = KEYS[1], KEYS[2], KEYS[3]
local held = redis.call('HMGET', name, 'o', 's')
redis.call('HSET', name, 'v', ARGV[1], 'o', of, 's', sizes)
uncount(name, held[1] or of, held[2] or sizes)
for _, over in ipairs(redis.call('ZRANGEBYSCORE', of, '-inf', now)) do
  forget(over, of, sizes)
end
while true do
  local oldest = redis.call('ZRANGE', of, 0, 0)[1]
  if not oldest then
    redis.call('DEL', sizes)
    break
  end
  local bytes = tonumber(redis.call('HGET', sizes, '') or 0) + #ARGV[1]
  if redis.call('ZCARD', of) < tonumber(ARGV[3]) and bytes <= tonumber(ARGV[4]) then
    break
  end
  forget(oldest, of, sizes)
end
redis.call('ZADD', of, string.format('%.0f', now + ARGV[2]), name)
redis.call('HSET', sizes, name, #ARGV[1])
redis.call('HINCRBY', sizes, '', #ARGV[1])
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, ARGV[2])
end
return 1
"
    ))
});

static REMOVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(&format!(
        r"{FORGET}
local held = redis.call('HMGET', KEYS[1], 'o', 's')
if not held[1] then
  return 0
end
return forget(KEYS[1], held[1], held[2])
"
    ))
});

impl HandleStore for Redis {
    fn put<'a>(
        &'a self,
        key: &'a str,
        value: &'a str,
        keeping: Keeping<'a>,
    ) -> BoxFuture<'a, Result<Room, BoxError>> {
        Box::pin(async move {
            if value.len() > LONGEST {
                return Ok(Room::Full);
            }
            let mut script = PUT.key(self.key("handle", key));
            script.key(self.key("handles-of", keeping.owner)).key(self.key("handle-sizes-of", keeping.owner));
            script.arg(value).arg(millis(keeping.time)).arg(keeping.most.max(1)).arg(MOST_BYTES);
            match self.connection.ask::<()>(&script).await {
                Ok(()) => Ok(Room::Kept),
                Err(failure) if failure.is_full() => Ok(Room::Full),
                Err(failure) => Err(failure.into()),
            }
        })
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        Box::pin(async move {
            let mut get = cmd("HGET");
            get.arg(self.key("handle", key)).arg("v");
            Ok(self.connection.ask(&get).await?)
        })
    }

    fn remove<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            let script = REMOVE.key(self.key("handle", key));
            Ok(self.connection.ask(&script).await?)
        })
    }
}
