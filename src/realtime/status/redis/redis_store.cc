#include "realtime/status/redis/redis_store.h"

#include <charconv>
#include <cstddef>
#include <map>
#include <utility>

#include "redis/hash_slot.h"

namespace tidemill::status {
namespace {

// Users are shared out over so many keys, so that a cluster's servers have some each.
constexpr std::size_t kParts = 16;
// Of one script: less than a millisecond.
constexpr std::size_t kUsersAtOnce = 500;

// KEYS: the sorted set of the sign. ARGV: now and the oldest time that counts, in seconds; how many users;
// the users; the incarnation.
const redis::Script& NoteScript() {
  static const redis::Script script(R"lua(
local times = KEYS[1]
for i = 4, #ARGV - 1 do
  local known = redis.call('ZSCORE', times, ARGV[i])
  if not known or tonumber(known) < tonumber(ARGV[1]) then redis.call('ZADD', times, ARGV[1], ARGV[i]) end
end
redis.call('ZREMRANGEBYSCORE', times, '-inf', '(' .. ARGV[2])
local more = redis.call('ZCARD', times) - tonumber(ARGV[3])
if more > 0 then redis.call('ZREMRANGEBYRANK', times, 0, more - 1) end
return 1
)lua");
  return script;
}

// KEYS: the sorted sets of all signs. ARGV: the users; the incarnation. Gives the times of each user, ""
// where there is none.
const redis::Script& GetScript() {
  static const redis::Script script(R"lua(
local found = {}
for i = 1, #ARGV - 1 do
  for _, times in ipairs(KEYS) do found[#found + 1] = redis.call('ZSCORE', times, ARGV[i]) or '' end
end
return found
)lua");
  return script;
}

// KEYS, ARGV: as above.
const redis::Script& DeleteScript() {
  static const redis::Script script(R"lua(
for i = 1, #ARGV - 1 do
  for _, times in ipairs(KEYS) do redis.call('ZREM', times, ARGV[i]) end
end
return 1
)lua");
  return script;
}

// The places of users in a list, by the part that they are in.
using Places = std::map<std::size_t, std::vector<std::size_t>>;

class RedisStore final : public Store {
 public:
  RedisStore(redis::Client& client, RedisStoreOptions options)
      : client_(client), options_(std::move(options)) {}

  Task<Result<void>> Note(std::vector<std::string> users, Sign sign, WallTime at) override {
    for (const auto& [part, places] : PlacesOf(users)) {
      std::vector<std::string> arguments = {std::to_string(at.ms / 1000), std::to_string(Oldest()),
                                            std::to_string(options_.limits.users_max / kParts + 1)};
      for (const std::size_t place : places) arguments.push_back(users[place]);
      std::vector<std::string> keys = {KeysOf(part)[static_cast<std::size_t>(sign)]};
      TM_CO_TRY_ASSIGN(const redis::Reply reply,
                       co_await client_.Run(NoteScript(), std::move(keys), std::move(arguments)));
      if (!reply.is_integer()) co_return redis::Unexpected(reply);
    }
    co_return {};
  }

  Task<Result<std::vector<UserStatus>>> Get(std::vector<std::string> users) override {
    std::vector<UserStatus> found(users.size());
    for (const auto& [part, places] : PlacesOf(users)) {
      std::vector<std::string> arguments;
      for (const std::size_t place : places) arguments.push_back(users[place]);
      TM_CO_TRY_ASSIGN(const redis::Reply reply,
                       co_await client_.Run(GetScript(), KeysOf(part), std::move(arguments)));
      if (!reply.is_array() || reply.elements.size() != kSigns * places.size()) {
        co_return redis::Unexpected(reply);
      }
      for (std::size_t i = 0; i < places.size(); ++i) {
        found[places[i]] = {.user = users[places[i]],
                            .active = TimeOf(reply.elements[kSigns * i].text),
                            .online = TimeOf(reply.elements[kSigns * i + 1].text)};
      }
    }
    co_return found;
  }

  Task<Result<void>> Delete(std::vector<std::string> users) override {
    for (const auto& [part, places] : PlacesOf(users)) {
      std::vector<std::string> arguments;
      for (const std::size_t place : places) arguments.push_back(users[place]);
      TM_CO_TRY_ASSIGN(const redis::Reply reply,
                       co_await client_.Run(DeleteScript(), KeysOf(part), std::move(arguments)));
      if (!reply.is_integer()) co_return redis::Unexpected(reply);
    }
    co_return {};
  }

 private:
  // By Sign.
  std::vector<std::string> KeysOf(std::size_t part) const {
    const std::string tag = ".{.status." + std::to_string(part % kParts) + "}";
    return {options_.prefix + ".status.active" + tag, options_.prefix + ".status.online" + tag};
  }

  // In parts of at most kUsersAtOnce; of one that is cut further parts have numbers that are the same modulo
  // kParts.
  static Places PlacesOf(const std::vector<std::string>& users) {
    Places places;
    for (std::size_t i = 0; i < users.size(); ++i) {
      std::size_t part = redis::SlotOf(users[i]) % kParts;
      while (places[part].size() >= kUsersAtOnce) part += kParts;
      places[part].push_back(i);
    }
    return places;
  }

  std::int64_t Oldest() const {
    return (options_.clock.WallNow().ms - options_.limits.expire_interval.ms) / 1000;
  }

  std::int64_t TimeOf(std::string_view text) const {
    std::int64_t time = 0;
    std::from_chars(text.data(), text.data() + text.size(), time);
    return time >= Oldest() ? time : 0;
  }

  redis::Client& client_;
  const RedisStoreOptions options_;
};

}  // namespace

std::unique_ptr<Store> MakeRedisStore(redis::Client& client, RedisStoreOptions options) {
  return std::make_unique<RedisStore>(client, std::move(options));
}

}  // namespace tidemill::status
