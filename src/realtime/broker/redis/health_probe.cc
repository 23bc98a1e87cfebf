#include "realtime/broker/redis/health_probe.h"

#include <utility>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "net/async.h"
#include "realtime/broker/redis/trial.h"

namespace tidemill::broker::redis_broker {
namespace {

constexpr Duration kGoodPause = Seconds(2);
constexpr Duration kBadPause = Seconds(1);
constexpr Duration kAwayPause = Milliseconds(50);  // while it is known to be away, or is not there yet
constexpr Duration kKept = Seconds(60);            // what it writes
constexpr std::size_t kNameLetters = 8;

}  // namespace

HealthProbe::HealthProbe(net::Loop& loop, const Dependencies& dependencies)
    : loop_(loop), dependencies_(dependencies), name_(".probe." + RandomLetters(kNameLetters) + ".") {
  scope_.Spawn(Run());
}

ProbeState HealthProbe::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

Task<void> HealthProbe::Run() {
  for (;;) {
    if (dependencies_.client.down_since() || dependencies_.subscriber.down_since()) {
      co_await net::Sleep(loop_, kAwayPause);
      continue;
    }
    const Result<void> result = co_await LookAtAll();
    Note(result);
    co_await net::Sleep(loop_, result ? kGoodPause : kBadPause);
  }
}

Task<Result<void>> HealthProbe::LookAtAll() {
  std::vector<ChannelName> channels = ChannelOnEachServer(dependencies_.client, dependencies_.keys, name_);
  for (ChannelName& channel : channels) TM_CO_TRY(co_await LookAt(std::move(channel)));
  co_return Result<void>();
}

Task<Result<void>> HealthProbe::LookAt(ChannelName channel) {
  const std::string pub_sub = dependencies_.keys.PubSub(channel);
  TM_CO_TRY(co_await dependencies_.subscriber.Subscribe(pub_sub));
  const auto published = co_await dependencies_.store.Publish(
      std::move(channel), Publication{.data = "1"}, {.stream = {.size = 1, .ttl = kKept, .meta_ttl = kKept}});
  dependencies_.subscriber.Unsubscribe(pub_sub);
  if (!published) co_return std::unexpected(published.error());
  co_return Result<void>();
}

void HealthProbe::Note(const Result<void>& result) {
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    if (result) {
      again = state_.bad_since.has_value();
      state_ = {.ever_good = true, .bad_since = std::nullopt, .why = ""};
    } else {
      if (!state_.bad_since) state_.bad_since = loop_.clock().Now();
      state_.why = result.error().detail;
    }
  }
  if (again) log::Info("redis.serves_again");
}

}  // namespace tidemill::broker::redis_broker
