#include "realtime/session/shared_rates.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "net/until.h"
#include "redis/client.h"

namespace tidemill::session {
namespace {

// A command waits no longer for what all nodes have counted.
constexpr Duration kAnswerWithin = Milliseconds(500);
// After it has not answered, one command in so long waits for it.
constexpr Duration kAskAgainAfter = Seconds(1);

// KEYS: one user's. ARGV: of each bucket its name, interval and token in µs; the incarnation. Each bucket is
// the time at which it is full again, by the clock of Redis. Takes a token of each, or gives the place of the
// first that has none.
const redis::Script& TakeScript() {
  static const redis::Script script(R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local names = {}
for i = 1, #ARGV - 1, 3 do names[#names + 1] = ARGV[i] end
local full = redis.call('HMGET', KEYS[1], unpack(names))
local latest = 0
local changed = {}
for i = 1, #names do
  local interval, token = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local after = math.max(tonumber(full[i] or '0') or 0, now) + token
  if after - now > interval then return i end
  changed[2 * i - 1], changed[2 * i] = names[i], string.format('%.3f', after)
  latest = math.max(latest, after)
end
redis.call('HSET', KEYS[1], unpack(changed))
local lives = math.ceil((latest - now) / 1000)
if redis.call('PTTL', KEYS[1]) < lives then redis.call('PEXPIRE', KEYS[1], lives) end
return 0
)lua");
  return script;
}

class RedisRates final : public SharedRates {
 public:
  RedisRates(net::Loop& loop, redis::Client& client, std::string prefix, SharedRateMetrics& metrics)
      : loop_(loop), client_(client), prefix_(std::move(prefix)), metrics_(metrics) {}

  Task<std::optional<std::string_view>> RefusedBy(std::string user, RateLimits::Chosen buckets,
                                                  const RateLimits& limits) override {
    metrics_.asked.Add();
    if (ask_at_) {
      if (loop_.Now() < *ask_at_) {
        metrics_.unanswered.Add();
        co_return std::nullopt;
      }
      ask_at_ = loop_.Now() + kAskAgainAfter;  // this one tries it; the others do not wait for it
    }
    std::vector<std::string> arguments;
    arguments.reserve(3 * buckets.size());
    for (const std::size_t i : buckets) {
      const RateLimits::Bucket& bucket = limits.bucket(i);
      arguments.push_back(bucket.name);
      arguments.push_back(fmt::format("{:.3f}", static_cast<double>(bucket.interval) / 1000));
      arguments.push_back(fmt::format("{:.3f}", static_cast<double>(bucket.token) / 1000));
    }
    const Result<redis::Reply> reply = co_await net::Until<redis::Reply>(
        loop_, loop_.Now() + kAnswerWithin, Run(prefix_ + ".rate." + user, std::move(arguments)));
    if (!reply) {
      Complain(reply.error().detail);
      co_return std::nullopt;
    }
    if (!reply->is_integer() || reply->integer < 0 ||
        reply->integer > static_cast<std::int64_t>(buckets.size())) {
      Complain(reply->is_error() ? reply->text : "an unexpected answer");
      co_return std::nullopt;
    }
    ask_at_.reset();
    if (reply->integer == 0) co_return std::nullopt;
    co_return limits.bucket(buckets[static_cast<std::size_t>(reply->integer) - 1]).limit;
  }

 private:
  Task<Result<redis::Reply>> Run(std::string key, std::vector<std::string> arguments) {
    co_return co_await client_.Run(TakeScript(), {std::move(key)}, std::move(arguments));
  }

  void Complain(std::string_view why) {
    metrics_.unanswered.Add();
    ask_at_ = loop_.Now() + kAskAgainAfter;
    const auto suppressed = complaints_.Count(loop_.Now());
    if (!suppressed) return;
    log::Warn(
        "user_rates.counted_here_only",
        {{"setting", "client.rate_limit.user_command.storage"}, {"why", why}, {"suppressed", *suppressed}});
  }

  net::Loop& loop_;
  redis::Client& client_;
  const std::string prefix_;
  SharedRateMetrics& metrics_;
  log::LogLimit complaints_;
  std::optional<MonotonicTime> ask_at_;  // it has not answered: not before
};

}  // namespace

SharedRateMetrics::SharedRateMetrics(metrics::Registry& registry)
    : asked(registry.AddCounter("tidemill_user_rates_asked_total",
                                "Commands for which Redis was asked about the limits of their user.")),
      unanswered(registry.AddCounter(
          "tidemill_user_rates_unanswered_total",
          "Of these, those that only this node has counted, because Redis did not answer.")) {}

std::unique_ptr<SharedRates> MakeRedisRates(net::Loop& loop, redis::Client& client, std::string prefix,
                                            SharedRateMetrics& metrics) {
  return std::make_unique<RedisRates>(loop, client, std::move(prefix), metrics);
}

}  // namespace tidemill::session
