#include "realtime/access/redis/redis_store.h"

#include <charconv>
#include <utility>

namespace tidemill::access {
namespace {

// Of one look.
constexpr std::size_t kPage = 500;

// KEYS: data, log, ends, number. ARGV: how many entries may be there, now in seconds; key, value and end (in
// seconds; 0: none) of each entry; the incarnation. Gives how many entries there was no room for.
const redis::Script& SaveScript() {
  static const redis::Script script(R"lua(
local data, log, ends, number = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local refused = 0
for i = 3, #ARGV - 1, 3 do
  local key, value, until_when = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local known = redis.call('HGET', data, key)
  local is_later = true
  if known then
    local known_at, at = string.match(known, '^%d+'), string.match(value, '^%d+')
    local lifts = string.sub(value, -1) == '1' and string.sub(known, -1) == '0'
    is_later = tonumber(at) > tonumber(known_at) or (at == known_at and lifts)
  elseif redis.call('HLEN', data) >= tonumber(ARGV[1]) and string.sub(value, -1) == '0' then
    is_later = false
    refused = refused + 1
  end
  if is_later then
    redis.call('HSET', data, key, value)
    redis.call('ZADD', log, redis.call('INCR', number), key)
    if until_when == '0' then redis.call('ZREM', ends, key) else redis.call('ZADD', ends, until_when, key) end
  end
end
return refused
)lua");
  return script;
}

// KEYS: as above. ARGV: the number that was seen last, how many, now in seconds, the incarnation. Forgets
// some that have expired. Gives the incarnation, the last number, and of each entry its number, key and
// value.
const redis::Script& NewsScript() {
  static const redis::Script script(R"lua(
local data, log, ends, number = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
for _, key in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', ARGV[3], 'LIMIT', 0, 100)) do
  redis.call('HDEL', data, key)
  redis.call('ZREM', log, key)
  redis.call('ZREM', ends, key)
end
local news = {ARGV[#ARGV], redis.call('GET', number) or '0'}
local found = redis.call('ZRANGEBYSCORE', log, '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for i = 1, #found, 2 do
  local value = redis.call('HGET', data, found[i])
  if value then
    news[#news + 1] = found[i + 1]
    news[#news + 1] = found[i]
    news[#news + 1] = value
  end
end
return news
)lua");
  return script;
}

Result<std::uint64_t> Number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Fail(Errc::kUnavailable, "Redis: malformed number");
  }
  return number;
}

class RedisStore final : public Store {
 public:
  RedisStore(redis::Client& client, RedisStoreOptions options)
      : client_(client), options_(std::move(options)) {}

  Task<Result<void>> Save(std::vector<Entry> entries) override {
    std::vector<std::string> arguments = {std::to_string(options_.entries_max), Now()};
    for (const Entry& entry : entries) {
      arguments.push_back(KeyOf(entry));
      arguments.push_back(ValueOf(entry));
      arguments.push_back(std::to_string(EndOf(entry)));
    }
    TM_CO_TRY_ASSIGN(const redis::Reply reply,
                     co_await client_.Run(SaveScript(), Keys(), std::move(arguments)));
    if (!reply.is_integer()) co_return Unexpected(reply);
    if (reply.integer > 0) co_return Fail(Errc::kLimitExceeded, "access.entries_max are kept in Redis");
    co_return {};
  }

  Task<Result<access::News>> News() override {
    std::vector<std::string> arguments = {std::to_string(seen_), std::to_string(kPage), Now()};
    TM_CO_TRY_ASSIGN(const redis::Reply reply,
                     co_await client_.Run(NewsScript(), Keys(), std::move(arguments)));
    if (!reply.is_array() || reply.elements.size() < 2 || reply.elements.size() % 3 != 2) {
      co_return Unexpected(reply);
    }
    TM_CO_TRY_ASSIGN(const std::uint64_t last, Number(reply.elements[1].text));
    access::News news;
    // Numbers that are counted from the beginning again mean nothing beside those that were seen.
    if (reply.elements[0].text != incarnation_ || last < seen_) {
      incarnation_ = reply.elements[0].text;
      news.was_lost = true;
      if (std::exchange(seen_, 0) != 0) co_return news;  // of this look: what comes after the old number
    }
    for (std::size_t i = 2; i < reply.elements.size(); i += 3) {
      TM_CO_TRY_ASSIGN(seen_, Number(reply.elements[i].text));
      auto entry = ParseEntry(reply.elements[i + 1].text, reply.elements[i + 2].text);
      if (entry) news.entries.push_back(*std::move(entry));  // of a later version: it is not for this one
    }
    news.is_all = seen_ >= last || reply.elements.size() == 2;
    co_return news;
  }

 private:
  // One hash tag: one slot of a cluster.
  std::vector<std::string> Keys() const {
    const std::string begin = options_.prefix + ".access.";
    return {begin + "data.{.access}", begin + "log.{.access}", begin + "ends.{.access}",
            begin + "number.{.access}"};
  }
  std::string Now() const { return std::to_string(options_.clock.WallNow().ms / 1000); }

  redis::Client& client_;
  const RedisStoreOptions options_;
  std::uint64_t seen_ = 0;
  std::string incarnation_;  // "": it was not looked at yet
};

}  // namespace

std::unique_ptr<Store> MakeRedisStore(redis::Client& client, RedisStoreOptions options) {
  return std::make_unique<RedisStore>(client, std::move(options));
}

}  // namespace tidemill::access
