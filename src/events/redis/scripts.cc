#include "events/redis/scripts.h"

namespace tidemill::events {

// `c` is the channel of an entry, `t` its type, `m` its time; `j` an event as JSON.
const redis::Script& RecordScript() {
  static const redis::Script script(R"lua(
local nodes, held, log = KEYS[1], KEYS[2], KEYS[3]
local items, waiting = (#ARGV - 2) / 3, redis.call('XLEN', log)
if waiting > 0 and waiting + items > tonumber(ARGV[1]) then return 0 end
for i = 2, #ARGV - 1, 3 do
  local kind, text, at = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if kind == 'e' then
    redis.call('XADD', log, '*', 'j', text)
  elseif kind == 'o' then
    if redis.call('SADD', held, text) == 1 and redis.call('HINCRBY', nodes, text, 1) == 1 then
      redis.call('XADD', log, '*', 't', 'occupied', 'c', text, 'm', at)
    end
  elseif redis.call('SREM', held, text) == 1 and redis.call('HINCRBY', nodes, text, -1) <= 0 then
    redis.call('HDEL', nodes, text)
    redis.call('XADD', log, '*', 't', 'vacated', 'c', text, 'm', at)
  end
end
return 1
)lua");
  return script;
}

const redis::Script& ReleaseScript() {
  static const redis::Script script(R"lua(
local nodes, held, log = KEYS[1], KEYS[2], KEYS[3]
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
for _, channel in ipairs(redis.call('SRANDMEMBER', held, ARGV[1])) do
  redis.call('SREM', held, channel)
  if redis.call('HINCRBY', nodes, channel, -1) <= 0 then
    redis.call('HDEL', nodes, channel)
    redis.call('XADD', log, '*', 't', 'vacated', 'c', channel, 'm', now)
  end
end
return redis.call('SCARD', held)
)lua");
  return script;
}

const redis::Script& BeatScript() {
  static const redis::Script script(R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local added = redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now - tonumber(ARGV[2])))
table.insert(gone, 1, tostring(added))
return gone
)lua");
  return script;
}

const redis::Script& ClaimScript() {
  static const redis::Script script(R"lua(
local teller = redis.call('GET', KEYS[1])
if teller and teller ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
)lua");
  return script;
}

}  // namespace tidemill::events
