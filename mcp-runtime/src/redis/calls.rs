//! Calls that are made once, by whichever machine.
//!
//! Of each key there is a hash: `d`, what the arguments come to; `o`, the owner; `s`, how far it is (`w` at work, `x` its
//! owner is late, `k` kept, `l` too long to be kept, `u` nobody knows); `u`, until when the owner need not be heard of; `r`,
//! the result. All times are those of Redis. Whatever is said may arrive twice.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ::redis::{Script, ScriptInvocation};
use tokio::sync::Semaphore;

use super::Redis;
use crate::idempotency::{Claim, Ended, Found, IdempotencyStore};
use crate::{BoxError, BoxFuture};

/// So many keys one caller has at most.
const MOST_OF_A_CALLER: u32 = 10_000;
/// A longer result is not kept.
const LONGEST_RESULT: usize = 1 << 20;
/// So many claims wait at once for Redis to be told of their end.
static LATER: Semaphore = Semaphore::const_new(256);
const TRY_AGAIN: Duration = Duration::from_millis(250);

/// KEYS: the key, whether the claim was taken back, the keys of the caller. ARGV: owner, digest, lease, keep, most.
static CLAIM: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local owner, lease, keep = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
local held = redis.call('HMGET', KEYS[1], 'd', 'o', 's', 'u', 'r')
if not held[1] then
  if redis.call('EXISTS', KEYS[2]) == 1 then
    return {'gone', '', ''}
  end
  if KEYS[3] then
    -- Written first: where there is no memory it is refused, which nothing is after the first change.
    redis.call('ZADD', KEYS[3], now + lease + keep, KEYS[1])
    redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
    if redis.call('ZCARD', KEYS[3]) > tonumber(ARGV[5]) then
      redis.call('ZREM', KEYS[3], KEYS[1])
      local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
      return {'full', '', string.format('%.0f', first[2] - now)}
    end
    redis.call('PEXPIRE', KEYS[3], string.format('%.0f', lease + keep))
  end
  redis.call('HSET', KEYS[1], 'd', ARGV[2], 'o', owner, 's', 'w', 'u', string.format('%.0f', now + lease))
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', lease + keep))
  return {'claimed', '', ''}
end
local state = held[3]
if state == 'w' and held[2] == owner then
  return {'claimed', '', ''}
end
if state == 'w' and now >= tonumber(held[4]) then
  redis.call('HSET', KEYS[1], 's', 'x')
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  state = 'x'
end
return {state, held[1], held[5] or ''}
",
    )
});

/// KEYS: the key. ARGV: owner, lease, keep. An owner who was late is at work again: nobody else has begun.
static RENEW: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local held = redis.call('HMGET', KEYS[1], 'o', 's')
if held[1] == ARGV[1] and (held[2] == 'w' or held[2] == 'x') then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('HSET', KEYS[1], 's', 'w', 'u', string.format('%.0f', now + ARGV[2]))
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ARGV[2] + ARGV[3]))
  return 1
end
return 0
",
    )
});

/// KEYS: the key, that its claim was taken back, the keys of the caller. ARGV: owner, lease, keep, state, result. Without a
/// state the claim is taken back, even where it arrives later.
static FINISH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local held = redis.call('HMGET', KEYS[1], 'o', 's')
if ARGV[4] == '' then
  redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
end
if held[1] ~= ARGV[1] or (held[2] ~= 'w' and held[2] ~= 'x') then
  return 0
end
if ARGV[4] == '' then
  redis.call('DEL', KEYS[1])
  if KEYS[3] then
    redis.call('ZREM', KEYS[3], KEYS[1])
  end
  return 1
end
redis.call('HSET', KEYS[1], 's', ARGV[4])
if ARGV[4] == 'k' then
  redis.call('HSET', KEYS[1], 'r', ARGV[5])
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if KEYS[3] then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZADD', KEYS[3], now + ARGV[3], KEYS[1])
end
return 1
",
    )
});

/// As Redis counts it.
pub(super) fn millis(time: Duration) -> u64 {
    // A year at most: what is kept for longer is more than a clock of so many machines can promise.
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).clamp(1, 31_536_000_000)
}

impl Redis {
    /// The keys that a claim is about.
    fn about(&self, key: &str, claim: &Claim<'_>) -> Vec<String> {
        let mut keys = vec![self.key("call", key), self.key("taken-back", claim.owner)];
        if !claim.caller.is_empty() {
            keys.push(self.key("calls-of", claim.caller));
        }
        keys
    }
}

impl IdempotencyStore for Redis {
    fn claim<'a>(&'a self, key: &'a str, claim: Claim<'a>) -> BoxFuture<'a, Result<Found, BoxError>> {
        Box::pin(async move {
            let mut script = CLAIM.prepare_invoke();
            script.key(self.about(key, &claim));
            script.arg(claim.owner).arg(claim.digest.to_string());
            script.arg(millis(claim.lease)).arg(millis(claim.keep)).arg(MOST_OF_A_CALLER);
            let mut unsure = Unsure { redis: self, key, claim, known: false };
            let (state, digest, more): (String, String, String) = self.connection.ask(&script).await?;
            unsure.known = true;
            let digest = digest.parse().unwrap_or_default();
            Ok(match &*state {
                "claimed" => Found::Claimed,
                "w" => Found::AtWork { digest },
                "k" => Found::Ended { digest, ended: Ended::Kept(more.into()) },
                "l" => Found::Ended { digest, ended: Ended::TooLong },
                "full" => {
                    let retry_after = Duration::from_millis(more.parse().unwrap_or_default());
                    Found::Full { retry_after: retry_after.max(Duration::from_secs(1)) }
                }
                "gone" => return Err("the claim was taken back".into()),
                _ => Found::Unknown { digest },
            })
        })
    }

    fn renew<'a>(&'a self, key: &'a str, claim: Claim<'a>) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let mut script = RENEW.key(self.key("call", key));
            script.arg(claim.owner).arg(millis(claim.lease)).arg(millis(claim.keep));
            let () = self.connection.ask(&script).await?;
            Ok(())
        })
    }

    fn finish<'a>(
        &'a self,
        key: &'a str,
        claim: Claim<'a>,
        ended: Ended,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let script = self.finishing(key, claim, &ended);
            let Err(failure) = self.connection.ask::<()>(&script).await else { return Ok(()) };
            // What came of a call is not given up at the first failure: until the claim is over there is time.
            if ended != Ended::NotDone {
                self.finish_later(key, claim, ended);
            }
            Err(failure.into())
        })
    }
}

impl Redis {
    /// Tries again to end a claim until it is over. Where too many wait, it ends with its lease, and how the call ended is not
    /// known.
    fn finish_later(&self, key: &str, claim: Claim<'_>, ended: Ended) {
        let (Ok(runtime), Ok(place)) = (tokio::runtime::Handle::try_current(), LATER.try_acquire()) else {
            return;
        };
        let Claim { digest, lease, keep, .. } = claim;
        let texts = [key, claim.owner, claim.caller].map(Arc::<str>::from);
        let redis = self.clone();
        runtime.spawn(async move {
            let [key, owner, caller] = &texts;
            let script = redis.finishing(key, Claim { digest, owner, lease, keep, caller }, &ended);
            let until = tokio::time::Instant::now() + lease;
            while redis.connection.ask::<()>(&script).await.is_err() && tokio::time::Instant::now() < until {
                tokio::time::sleep(TRY_AGAIN).await;
            }
            drop(place);
        });
    }

    fn finishing(&self, key: &str, claim: Claim<'_>, ended: &Ended) -> ScriptInvocation<'static> {
        let (state, result) = match ended {
            Ended::Kept(result) if result.len() <= LONGEST_RESULT => ("k", &**result),
            Ended::Kept(_) | Ended::TooLong => ("l", ""),
            Ended::Unknown => ("u", ""),
            Ended::NotDone => ("", ""),
        };
        let mut script = FINISH.prepare_invoke();
        script.key(self.about(key, &claim)).arg(claim.owner);
        script.arg(millis(claim.lease)).arg(millis(claim.keep)).arg(state).arg(result);
        script
    }
}

/// A claim that may have arrived, or may arrive later: whoever sent it does not make the call.
struct Unsure<'a> {
    redis: &'a Redis,
    key: &'a str,
    claim: Claim<'a>,
    known: bool,
}

impl Drop for Unsure<'_> {
    fn drop(&mut self) {
        if !self.known {
            self.redis.finish_later(self.key, self.claim, Ended::NotDone);
        }
    }
}
