#include "queries/cache/redis/change_follower.h"

#include <utility>

#include "base/log.h"
#include "net/async.h"
#include "queries/cache/redis/change_message.h"

namespace tidemill::queries::redis_tier {
namespace {

constexpr Duration kRetryPause = Milliseconds(100);

}  // namespace

ChangeFollower::ChangeFollower(net::Loop& loop, Generations& generations, std::string channel,
                               std::string node, RedisTierMetrics& metrics)
    : loop_(loop),
      generations_(generations),
      channel_(std::move(channel)),
      node_(std::move(node)),
      metrics_(metrics) {}

void ChangeFollower::Follow(redis::Subscriber& subscriber) { scope_.Spawn(Subscribe(subscriber)); }

Task<void> ChangeFollower::Subscribe(redis::Subscriber& subscriber) {
  while (!co_await subscriber.Subscribe(channel_)) co_await net::Sleep(loop_, kRetryPause);
  Begin();
}

void ChangeFollower::Begin() {
  generations_.BumpAll();
  metrics_.following.Add(1);
}

void ChangeFollower::OnMessage(std::string_view, std::string_view payload) {
  const auto message = DecodeChange(payload);
  if (!message) return generations_.BumpAll();
  if (message->node == node_) return;
  metrics_.changes_received.Add();
  generations_.Bump(message->names);
}

void ChangeFollower::OnLost(const std::string&) {
  metrics_.following.Sub(1);
  log::Warn("query_cache.changes_unheard", {{"effect", "cached answers last for their TTL"}});
}

void ChangeFollower::OnRestored(const std::string&) {
  Begin();
  log::Info("query_cache.changes_heard_again");
}

}  // namespace tidemill::queries::redis_tier
