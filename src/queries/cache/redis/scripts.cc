#include "queries/cache/redis/scripts.h"

#include <string>

namespace tidemill::queries::redis_tier {
namespace {

// An answer is a hash: g the generations, m and f when it was made and until when it is fresh, in ms of this
// server's clock, a the answer.
constexpr const char* kNow = R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
)lua";

}  // namespace

// KEYS: the generations' hash. ARGV: a new generation, names, incarnation. Gives the generations of the names
// as one text. A name that is not there gets the new one, so that none ever comes twice. The incarnation is
// part of it: a server that lost its newest data may show generations that have ended.
const redis::Script& ReadGenerationsScript() {
  static const redis::Script script(R"lua(
local text = ARGV[#ARGV]
for i = 2, #ARGV - 1 do
  local generation = redis.call('HGET', KEYS[1], ARGV[i])
  if not generation then
    generation = ARGV[1]
    redis.call('HSET', KEYS[1], ARGV[i], generation)
  end
  text = text .. '/' .. generation
end
return text
)lua");
  return script;
}

// KEYS: the generations' hash. ARGV: a new generation, PUBLISH or SPUBLISH, pub/sub channel, message, names,
// incarnation.
const redis::Script& ChangeGenerationsScript() {
  static const redis::Script script(R"lua(
for i = 5, #ARGV - 1 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[1]) end
redis.call(ARGV[2], ARGV[3], ARGV[4])
return 1
)lua");
  return script;
}

// KEYS: answer, lock. ARGV: generations, lock's value, lock's ttl ms, incarnation. Gives a word and an answer
// with its age and how long it is fresh, both in ms:
// "good" with a fresh answer; "yours": the lock, and no answer; "theirs": another has the lock, with the
// answer if there is a good one past its time.
const redis::Script& AskScript() {
  static const redis::Script script(std::string(kNow) + R"lua(
local found = redis.call('HMGET', KEYS[1], 'g', 'm', 'f')
local good = found[1] == ARGV[1]
local function answer(word)
  return {word, redis.call('HGET', KEYS[1], 'a'), math.floor(now - found[2]), math.floor(found[3] - now)}
end
if good and now < tonumber(found[3]) then return answer('good') end
if redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then return {'yours'} end
if good then return answer('theirs') end
return {'theirs'}
)lua");
  return script;
}

// KEYS: answer, lock. ARGV: generations, answer, age ms, fresh for ms, ttl ms, lock's value, incarnation.
const redis::Script& KeepScript() {
  static const redis::Script script(std::string(kNow) + R"lua(
redis.call('HSET', KEYS[1], 'g', ARGV[1], 'a', ARGV[2], 'm', string.format('%.0f', now - ARGV[3]),
  'f', string.format('%.0f', now + ARGV[4]))
redis.call('PEXPIRE', KEYS[1], ARGV[5])
if redis.call('GET', KEYS[2]) == ARGV[6] then redis.call('DEL', KEYS[2]) end
return 1
)lua");
  return script;
}

// KEYS: lock. ARGV: its value, incarnation.
const redis::Script& UnlockScript() {
  static const redis::Script script(R"lua(
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
)lua");
  return script;
}

}  // namespace tidemill::queries::redis_tier
