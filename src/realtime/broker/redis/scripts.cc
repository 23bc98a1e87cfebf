#include "realtime/broker/redis/scripts.h"

#include <string>
#include <string_view>

namespace tidemill::broker::redis_broker {
namespace {

// Fields of a stream's meta hash: e epoch, s top offset, i the incarnation of Redis at the last append, v and
// ve the last version and its epoch. The last argument of every script is the current incarnation.
//
// A restart or a failover may lose the newest publications after subscribers have seen them. Their offsets
// must not be used again in the same epoch. So the first append of a new incarnation skips to one more than
// the next multiple of 2^24; field p of its entry is the offset before it.
constexpr const char* kStreamPrelude = R"lua(
local stream, meta = KEYS[1], KEYS[2]
local incarnation = ARGV[#ARGV]
local function load(new_epoch)
  local m = redis.call('HMGET', meta, 'e', 's', 'i', 'v', 've')
  if m[1] and m[2] and m[3] then return m end
  redis.call('DEL', stream, meta)
  redis.call('HSET', meta, 'e', new_epoch, 's', '0', 'i', incarnation)
  return {new_epoch, '0', incarnation, false, false}
end
)lua";

// A value in `data` is "<length of the user>:<user><record>". `users` counts the clients of each user, so
// that counting users reads no records.
constexpr const char* kPresencePrelude = R"lua(
local data, expiry, users = KEYS[1], KEYS[2], KEYS[3]
local function user_of(value)
  local colon = string.find(value, ':', 1, true)
  return string.sub(value, colon + 1, colon + tonumber(string.sub(value, 1, colon - 1)))
end
local function forget(client)
  local value = redis.call('HGET', data, client)
  if value then
    local user = user_of(value)
    redis.call('HDEL', data, client)
    if redis.call('HINCRBY', users, user, -1) <= 0 then redis.call('HDEL', users, user) end
  end
  redis.call('ZREM', expiry, client)
end
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function forget_expired()
  local now = now_ms()
  for _, client in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', string.format('%.0f', now))) do
    forget(client)
  end
  if redis.call('EXISTS', data) == 0 then redis.call('DEL', expiry, users) end
  return now
end
local function keep(ttl)
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ttl) end
end
)lua";

std::string Stream(const char* body) { return std::string(kStreamPrelude) + body; }
std::string Presence(const char* body) { return std::string(kPresencePrelude) + body; }

}  // namespace

// KEYS: stream, meta, and the result of the idempotency key if there is one.
// ARGV: record, size, ttl ms, meta ttl ms, pub/sub channel, epoch if there is none yet, version, version
// epoch, result's ttl ms, PUBLISH or SPUBLISH, incarnation. Gives epoch, offset, 1 if it was suppressed.
const redis::Script& PublishScript() {
  static const redis::Script script(Stream(R"lua(
if KEYS[3] then
  local earlier = redis.call('HMGET', KEYS[3], 'e', 's')
  if earlier[1] then return {earlier[1], earlier[2], 1} end
end
local m = load(ARGV[6])
local epoch, top = m[1], tonumber(m[2])
local function at_most(a, b) return #a < #b or (#a == #b and a <= b) end
if ARGV[7] ~= '0' then
  local comparable = m[4] and (ARGV[8] == '' or ARGV[8] == m[5])
  if comparable and at_most(ARGV[7], m[4]) then
    redis.call('PEXPIRE', meta, ARGV[4])
    return {epoch, m[2], 1}
  end
end
local offset, entry = top + 1, {'d', ARGV[1]}
if tonumber(incarnation) > tonumber(m[3]) then
  offset = (math.floor(top / 16777216) + 1) * 16777216 + 1
  entry[3], entry[4] = 'p', m[2]
  redis.call('HSET', meta, 'i', incarnation)
end
local text = string.format('%.0f', offset)
redis.call('XADD', stream, 'MAXLEN', ARGV[2], text .. '-0', unpack(entry))
redis.call('HSET', meta, 's', text)
if ARGV[7] ~= '0' then redis.call('HSET', meta, 'v', ARGV[7], 've', ARGV[8]) end
redis.call('PEXPIRE', stream, ARGV[3])
redis.call('PEXPIRE', meta, ARGV[4])
redis.call(ARGV[10], ARGV[5], '1P' .. text .. ':' .. m[2] .. ':' .. epoch .. '\n' .. ARGV[1])
if KEYS[3] then
  redis.call('HSET', KEYS[3], 'e', epoch, 's', text)
  redis.call('PEXPIRE', KEYS[3], ARGV[9])
end
return {epoch, text, 0}
)lua"));
  return script;
}

const redis::Script& OffsetReusingPublishScript() {
  static const redis::Script script([] {
    constexpr std::string_view kCondition = "tonumber(incarnation) > tonumber(m[3])";
    std::string source = PublishScript().source();
    return source.replace(source.find(kCondition), kCondition.size(), "false");
  }());
  return script;
}

// KEYS: result. ARGV: message, pub/sub channel, result's ttl ms, PUBLISH or SPUBLISH. Gives 1 if suppressed.
const redis::Script& PublishUnstoredScript() {
  static const redis::Script script(R"lua(
if not redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[3]) then return 1 end
redis.call(ARGV[4], ARGV[2], ARGV[1])
return 0
)lua");
  return script;
}

// KEYS: stream, meta. ARGV: epoch if there is none yet, meta ttl ms, exclusive offset to begin at or "",
// how many (-1 all), "reverse" or "", incarnation. Gives epoch, top offset, entries.
//
// Where nothing was ever published the meta is kept for an hour at most: anybody who may subscribe makes as
// many of them as they like. A node that follows the channel reads it now and then, and so keeps it.
const redis::Script& ReadScript() {
  static const redis::Script script(Stream(R"lua(
local m = load(ARGV[1])
local ttl = tonumber(ARGV[2])
if m[2] == '0' then ttl = math.min(ttl, 3600000) end
redis.call('PEXPIRE', meta, ttl)
local count = tonumber(ARGV[4])
if count == 0 then return {m[1], m[2], {}} end
local from = ARGV[3] ~= '' and '(' .. ARGV[3] .. '-0' or nil
local range
if ARGV[5] == 'reverse' then
  range = {'XREVRANGE', stream, from or '+', '-'}
else
  range = {'XRANGE', stream, from or '-', '+'}
end
if count > 0 then
  range[5], range[6] = 'COUNT', ARGV[4]
end
return {m[1], m[2], redis.call(unpack(range))}
)lua"));
  return script;
}

// KEYS: stream, meta. ARGV: the epoch followed, the offset seen in it, the new epoch, meta ttl ms, pub/sub
// channel, PUBLISH or SPUBLISH, incarnation. Gives 1 if the stream had fallen back, even if it has skipped
// past the offset since, and begins anew. What meta says of a map's state stays, as the state does.
const redis::Script& BeginAnewScript() {
  static const redis::Script script(Stream(R"lua(
local m, seen = redis.call('HMGET', meta, 'e', 's'), tonumber(ARGV[2])
if m[1] ~= ARGV[1] then return 0 end
if tonumber(m[2]) >= seen then
  local following = redis.call('XRANGE', stream, '(' .. ARGV[2] .. '-0', '+', 'COUNT', 1)[1]
  local fields = following and following[2] or {}
  if fields[3] ~= 'p' or tonumber(fields[4]) >= seen then return 0 end
end
redis.call('DEL', stream)
redis.call('HDEL', meta, 'v', 've')
redis.call('HSET', meta, 'e', ARGV[3], 's', '0', 'i', incarnation)
redis.call('PEXPIRE', meta, ARGV[4])
redis.call(ARGV[6], ARGV[5], '1E' .. ARGV[3] .. '\n')
return 1
)lua"));
  return script;
}

// KEYS of all presence scripts: data, expiry, users.
// ARGV: client, "<length>:<user><record>", ttl ms.
const redis::Script& AddPresenceScript() {
  static const redis::Script script(Presence(R"lua(
local now = forget_expired()
forget(ARGV[1])
redis.call('HSET', data, ARGV[1], ARGV[2])
redis.call('HINCRBY', users, user_of(ARGV[2]), 1)
redis.call('ZADD', expiry, string.format('%.0f', now + ARGV[3]), ARGV[1])
keep(ARGV[3])
return 0
)lua"));
  return script;
}

// ARGV: client.
const redis::Script& RemovePresenceScript() {
  static const redis::Script script(Presence(R"lua(
forget(ARGV[1])
return 0
)lua"));
  return script;
}

// Gives the values of `data`.
const redis::Script& ReadPresenceScript() {
  static const redis::Script script(Presence(R"lua(
forget_expired()
return redis.call('HVALS', data)
)lua"));
  return script;
}

// Gives the numbers of clients and users.
const redis::Script& CountPresenceScript() {
  static const redis::Script script(Presence(R"lua(
forget_expired()
return {redis.call('HLEN', data), redis.call('HLEN', users)}
)lua"));
  return script;
}

// ARGV: ttl ms, clients. Gives those that are not there any more and must be added again.
const redis::Script& RefreshPresenceScript() {
  static const redis::Script script(Presence(R"lua(
local expires, missing = string.format('%.0f', forget_expired() + ARGV[1]), {}
for i = 2, #ARGV - 1 do
  if redis.call('HEXISTS', data, ARGV[i]) == 1 then
    redis.call('ZADD', expiry, expires, ARGV[i])
  else
    missing[#missing + 1] = ARGV[i]
  end
end
keep(ARGV[1])
return missing
)lua"));
  return script;
}

}  // namespace tidemill::broker::redis_broker
