//! Buckets of tokens that several machines take from: of each one number is kept, as in the memory of one machine, and it is
//! forgotten when it says nothing any more.

use std::sync::LazyLock;
use std::time::Duration;

use ::redis::Script;

use super::Redis;
use crate::limits::{Bucket, LimitStore, Taken};
use crate::{BoxError, BoxFuture};

/// A request waits so long for its tokens at most; then its machine counts for itself.
const PATIENCE: Duration = Duration::from_millis(200);

/// For each key the microseconds for a token, and how many there may be at once. All or nothing: gives 0, or the place of
/// the bucket that needs the longest and the microseconds until it has a token.
///
/// The clock of Redis may be set. Then a bucket is empty at worst: one that would be full later than an empty one is taken
/// for empty.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local fulls, refused, longest = {}, 0, 0
for at, key in ipairs(KEYS) do
  local interval, burst = tonumber(ARGV[2 * at - 1]), tonumber(ARGV[2 * at])
  local full = math.max(tonumber(redis.call('GET', key) or 0), now)
  full = math.min(full, now + interval * burst)
  local wait = full - now - interval * (burst - 1)
  if wait > 0 and wait > longest then
    refused, longest = at, wait
  end
  fulls[at] = full + interval
end
if refused > 0 then
  return {refused, string.format('%.0f', math.ceil(math.min(longest, 9e15)))}
end
for at, key in ipairs(KEYS) do
  local left = math.min(math.ceil((fulls[at] - now) / 1000) + 1, 31536000000)
  redis.call('SET', key, string.format('%.2f', fulls[at]), 'PX', string.format('%.0f', left))
end
return {0, '0'}
",
    )
});

impl LimitStore for Redis {
    fn take<'a>(&'a self, buckets: &'a [Bucket<'a>]) -> BoxFuture<'a, Result<Taken, BoxError>> {
        Box::pin(async move {
            let mut script = TAKE.prepare_invoke();
            for bucket in buckets {
                script.key(self.key("limit", &bucket.counted.to_string()));
                script.arg(bucket.rate.interval() as f64 / 1000.0).arg(bucket.rate.at_once());
            }
            let patience = PATIENCE.min(self.timeout);
            let (place, wait): (usize, u64) = self.connection.ask_within(patience, &script).await?;
            Ok(match place.checked_sub(1) {
                None => Taken::All,
                Some(bucket) => Taken::Refused { bucket, retry_after: Duration::from_micros(wait) },
            })
        })
    }
}
