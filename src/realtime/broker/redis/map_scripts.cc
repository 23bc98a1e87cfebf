#include "realtime/broker/redis/map_scripts.h"

#include <string>
#include <string_view>

namespace tidemill::broker::redis_broker {
namespace {

// Fields of the meta hash beside those of a stream: k how many keys there are, b their bytes, x how many of
// them expire, z how the last publish wanted its changes kept, o whether `order` holds scores. The last
// argument of every script is the current incarnation.
//
// The state is nothing without its stream and the reverse: where one of them is gone, by expiry or because
// Redis evicted it or a part of it, the channel begins anew in another epoch. A value is
//
//   <bytes>:<offset>:<epoch>:<version>:<length>:<length>:<version epoch><removal record><record>
constexpr const char* kPrelude = R"lua(
local stream, meta, data, order, expiry = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local incarnation = ARGV[#ARGV]
local m
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function text(number) return string.format('%.0f', number) end
local function is_whole()
  if not (m[1] and m[2] and m[3]) then return false end
  -- A read of the stream made a meta where there was none: nothing of a state belongs to it.
  if not m[4] then return redis.call('EXISTS', data) == 0 end
  if m[4] == '0' then return true end
  if redis.call('EXISTS', data, order) < 2 then return false end
  return (m[6] or '0') == '0' or redis.call('EXISTS', expiry) == 1
end
local function load(new_epoch, pub_sub, publish)
  m = redis.call('HMGET', meta, 'e', 's', 'i', 'k', 'b', 'x', 'o')
  if is_whole() then
    m[4], m[5] = m[4] or '0', m[5] or '0'
    return
  end
  redis.call('DEL', stream, meta, data, order, expiry)
  redis.call('HSET', meta, 'e', new_epoch, 's', '0', 'i', incarnation, 'k', '0', 'b', '0')
  redis.call('PEXPIRE', meta, 3600000)
  if m[1] then redis.call(publish, pub_sub, '1E' .. new_epoch .. '\n') end
  m = {new_epoch, '0', incarnation, '0', '0'}
end
-- For an hour at most where nothing was published: anybody who may ask makes as many of them as they like.
local function keep(ttl)
  if m[2] == '0' and m[4] == '0' then ttl = text(math.min(ttl, 3600000)) end
  for _, key in ipairs({meta, data, order, expiry}) do redis.call('PEXPIRE', key, ttl) end
end
local function held(key)
  local value = redis.call('HGET', data, key)
  if not value then return nil end
  local b, o, e, v, nv, nr, at = string.match(value, '^(%d+):(%d+):(%a*):(%d+):(%d+):(%d+):()')
  local removal = at + nv
  return {bytes = tonumber(b), offset = o, version = v, version_epoch = string.sub(value, at, removal - 1),
          removal = string.sub(value, removal, removal + nr - 1), value = value}
end
local function count(keys, bytes)
  m[4], m[5] = text(math.max(m[4] + keys, 0)), text(math.max(m[5] + bytes, 0))
  redis.call('HSET', meta, 'k', m[4], 'b', m[5], 'x', redis.call('ZCARD', expiry))
end
-- As PublishScript; changes.size 0: there is no stream.
local function append(record, changes, pub_sub, publish)
  if changes.size == '0' then
    redis.call(publish, pub_sub, '1P0:0:\n' .. record)
    return '0'
  end
  local offset, entry = m[2] + 1, {'d', record}
  if tonumber(incarnation) > tonumber(m[3]) then
    offset = (math.floor(m[2] / 16777216) + 1) * 16777216 + 1
    entry[3], entry[4] = 'p', m[2]
    redis.call('HSET', meta, 'i', incarnation)
    m[3] = incarnation
  end
  local top = text(offset)
  redis.call('XADD', stream, 'MAXLEN', changes.size, top .. '-0', unpack(entry))
  redis.call('HSET', meta, 's', top)
  redis.call('PEXPIRE', stream, changes.ttl)
  redis.call(publish, pub_sub, '1P' .. top .. ':' .. m[2] .. ':' .. m[1] .. '\n' .. record)
  m[2] = top
  return top
end
local function varint(number)
  local out = ''
  repeat
    local low = number % 128
    number = math.floor(number / 128)
    out = out .. string.char(number > 0 and low + 128 or low)
  until number == 0
  return out
end
local function take_out(key, gone, changes, pub_sub, publish)
  redis.call('HDEL', data, key)
  redis.call('ZREM', order, key)
  redis.call('ZREM', expiry, key)
  count(-1, -gone.bytes)
  return append(gone.removal .. '\64' .. varint(now_ms()), changes, pub_sub, publish)
end
-- The key, unless its time is over: then it is removed here and now.
local function alive(key, now, changes, pub_sub, publish)
  local found = held(key)
  local due = found and redis.call('ZSCORE', expiry, key)
  if not due or due + 0 > now then return found end
  take_out(key, found, changes, pub_sub, publish)
  return nil
end
-- Gives how many, at most `most`.
local function expire(most, pub_sub, publish)
  local due = redis.call('ZRANGEBYSCORE', expiry, '-inf', text(now_ms()), 'LIMIT', 0, most)
  if #due == 0 then return 0 end
  local size, ttl = string.match(redis.call('HGET', meta, 'z') or '0:0', '^(%d+):(%d+)$')
  for _, key in ipairs(due) do
    local gone = held(key)
    if gone then
      take_out(key, gone, {size = size, ttl = ttl}, pub_sub, publish)
    else
      redis.call('ZREM', expiry, key)
      count(0, 0)
    end
  end
  return #due
end
)lua";

redis::Script Script(const char* body) { return redis::Script(std::string(kPrelude) + body); }

redis::Script Changed(const redis::Script& script, std::string_view what, std::string_view into) {
  std::string source = script.source();
  return redis::Script(source.replace(source.find(what), what.size(), into));
}

}  // namespace

// KEYS of all: stream, meta, data, order, expiry, and the result of the idempotency key if there is one.
//
// ARGV: record, removal record, bytes, size, ttl ms, meta ttl ms, pub/sub channel, PUBLISH or SPUBLISH, epoch
// if there is none yet, result's ttl ms, key, score, key ttl ms, condition, version, version epoch, most
// keys, most bytes, "1" if the map is ordered. Gives epoch, offset, the number of an Unchanged.
const redis::Script& MapPublishScript() {
  static const redis::Script script = Script(R"lua(
if KEYS[6] then
  local earlier = redis.call('HMGET', KEYS[6], 'e', 's')
  if earlier[1] then return {earlier[1], earlier[2], 1} end
end
local pub_sub, publish = ARGV[7], ARGV[8]
local key, ttl, condition, version = ARGV[11], ARGV[13], ARGV[14], ARGV[15]
load(ARGV[9], pub_sub, publish)
keep(ARGV[6])
local now, changes = now_ms(), {size = ARGV[4], ttl = ARGV[5]}
local before = alive(key, now, changes, pub_sub, publish)
local function at_most(a, b) return #a < #b or (#a == #b and a <= b) end
if before and version ~= '0' and before.version ~= '0' then
  local comparable = ARGV[16] == '' or ARGV[16] == before.version_epoch
  if comparable and at_most(version, before.version) then return {m[1], m[2], 2} end
end
if before and (condition == 'new' or condition == 'refresh') then
  if condition == 'refresh' and ttl ~= '0' then
    redis.call('ZADD', expiry, text(now + ttl), key)
    count(0, 0)
  end
  return {m[1], m[2], 3}
end
if not before and condition == 'exists' then return {m[1], m[2], 4} end
local bytes = before and before.bytes or 0
if not before and m[4] + 0 >= ARGV[17] + 0 then return {m[1], m[2], 5} end
if m[5] - bytes + ARGV[3] > ARGV[18] + 0 then return {m[1], m[2], 5} end
local ordered = m[4] ~= '0' and m[7] or ARGV[19]
redis.call('HSET', meta, 'z', ARGV[4] .. ':' .. ARGV[5], 'o', ordered)
local offset = append(ARGV[1], changes, pub_sub, publish)
local version_epoch = ARGV[16]
if version == '0' and before then version, version_epoch = before.version, before.version_epoch end
local lengths = #version_epoch .. ':' .. #ARGV[2] .. ':'
redis.call('HSET', data, key, ARGV[3] .. ':' .. offset .. ':' .. m[1] .. ':' .. version .. ':' .. lengths ..
           version_epoch .. ARGV[2] .. ARGV[1])
redis.call('ZADD', order, ordered == '1' and ARGV[12] or '0', key)
if ttl ~= '0' then
  redis.call('ZADD', expiry, text(now + ttl), key)
else
  redis.call('ZREM', expiry, key)
end
count(before and 0 or 1, ARGV[3] - bytes)
keep(ARGV[6])
if KEYS[6] then
  redis.call('HSET', KEYS[6], 'e', m[1], 's', offset)
  redis.call('PEXPIRE', KEYS[6], ARGV[10])
end
return {m[1], offset, 0}
)lua");
  return script;
}

// ARGV: key, size, ttl ms, meta ttl ms, pub/sub channel, PUBLISH or SPUBLISH, epoch if there is none yet,
// result's ttl ms. Gives epoch, offset, the number of an Unchanged.
const redis::Script& MapRemoveScript() {
  static const redis::Script script = Script(R"lua(
if KEYS[6] then
  local earlier = redis.call('HMGET', KEYS[6], 'e', 's')
  if earlier[1] then return {earlier[1], earlier[2], 1} end
end
load(ARGV[7], ARGV[5], ARGV[6])
local changes = {size = ARGV[2], ttl = ARGV[3]}
local gone = alive(ARGV[1], now_ms(), changes, ARGV[5], ARGV[6])
if not gone then
  keep(ARGV[4])
  return {m[1], m[2], 4}
end
local offset = take_out(ARGV[1], gone, changes, ARGV[5], ARGV[6])
keep(ARGV[4])
if KEYS[6] then
  redis.call('HSET', KEYS[6], 'e', m[1], 's', offset)
  redis.call('PEXPIRE', KEYS[6], ARGV[8])
end
return {m[1], offset, 0}
)lua");
  return script;
}

const redis::Script& KeepingMapRemoveScript() {
  static const redis::Script script =
      Changed(MapRemoveScript(), "redis.call('HDEL', data, key)\n  redis.call('ZREM', order, key)\n", "");
  return script;
}

// ARGV: at most how many, epoch if there is none, pub/sub channel, PUBLISH or SPUBLISH. Gives in how many ms
// the next key expires, -1: none does.
const redis::Script& MapExpireScript() {
  static const redis::Script script = Script(R"lua(
if redis.call('EXISTS', expiry) == 0 and (redis.call('HGET', meta, 'x') or '0') == '0' then return -1 end
load(ARGV[2], ARGV[3], ARGV[4])
expire(ARGV[1], ARGV[3], ARGV[4])
local first = redis.call('ZRANGE', expiry, 0, 0, 'WITHSCORES')
if not first[2] then return -1 end
return math.max(first[2] - now_ms(), 0)
)lua");
  return script;
}

const redis::Script& SilentMapExpireScript() {
  static const redis::Script script =
      Changed(MapExpireScript(), "return append(gone.removal", "return ({})[1] and append(gone.removal");
  return script;
}

// ARGV: epoch if there is none yet, meta ttl ms, cursor, the key and the score in it if it is one of an
// ordered map, limit, most bytes, the only key or "", "asc" or "", "1" if the map is ordered, pub/sub
// channel, PUBLISH or SPUBLISH. Gives epoch, offset, values, 1 if there are more, "1" if they are in the
// order of scores; or "again" where very many keys have expired.
//
// The order is the one that the state began with, whatever the settings say since.
const redis::Script& MapPageScript() {
  static const redis::Script script = Script(R"lua(
local cursor, limit, bytes_max = ARGV[3], ARGV[6] + 0, ARGV[7] + 0
local only, asc = ARGV[8], ARGV[9] == 'asc'
load(ARGV[1], ARGV[11], ARGV[12])
if expire(200, ARGV[11], ARGV[12]) == 200 then return 'again' end
keep(ARGV[2])
local ordered = m[7] or ARGV[10]
local function answer(values, more) return {m[1], m[2], values, more, ordered} end
if only ~= '' then
  local one = held(only)
  return answer(one and {one.value} or {}, 0)
end
if limit == 0 then return answer({}, 0) end
local keys
if ordered ~= '1' then
  keys = redis.call('ZRANGEBYLEX', order, cursor == '' and '-' or '(' .. cursor, '+', 'LIMIT', 0, limit + 1)
else
  local from = 0
  if cursor ~= '' then
    local score
    cursor, score = ARGV[4], ARGV[5]
    -- Where the cursor stands, though its key may be gone or elsewhere: it is put there for a moment.
    local is = redis.call('ZSCORE', order, cursor)
    redis.call('ZADD', order, score, cursor)
    from = redis.call(asc and 'ZRANK' or 'ZREVRANK', order, cursor)
    if not is then
      redis.call('ZREM', order, cursor)
    else
      redis.call('ZADD', order, is, cursor)
      if is + 0 == score + 0 then from = from + 1
      elseif (asc and is + 0 < score + 0) or (not asc and is + 0 > score + 0) then from = from + 1 end
    end
  end
  keys = redis.call(asc and 'ZRANGE' or 'ZREVRANGE', order, from, from + limit)
end
local values, bytes = {}, 0
for _, key in ipairs(keys) do
  if #values == limit then return answer(values, 1) end
  local value = redis.call('HGET', data, key)
  bytes = bytes + string.match(value, '^%d+')
  if bytes > bytes_max and #values > 0 then return answer(values, 1) end
  values[#values + 1] = value
end
return answer(values, 0)
)lua");
  return script;
}

// Gives keys and bytes; those that have expired and are still there are not counted as keys.
const redis::Script& MapStatsScript() {
  static const redis::Script script = Script(R"lua(
local due = redis.call('ZCOUNT', expiry, '-inf', text(now_ms()))
return {redis.call('HLEN', data) - due, tonumber(redis.call('HGET', meta, 'b') or '0')}
)lua");
  return script;
}

// ARGV: the new epoch, pub/sub channel, PUBLISH or SPUBLISH.
const redis::Script& MapClearScript() {
  static const redis::Script script = Script(R"lua(
redis.call('UNLINK', stream, meta, data, order, expiry)
redis.call('HSET', meta, 'e', ARGV[1], 's', '0', 'i', incarnation, 'k', '0', 'b', '0')
redis.call('PEXPIRE', meta, 3600000)
redis.call(ARGV[3], ARGV[2], '1E' .. ARGV[1] .. '\n')
return 0
)lua");
  return script;
}

}  // namespace tidemill::broker::redis_broker
