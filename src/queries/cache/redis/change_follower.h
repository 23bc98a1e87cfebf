// ChangeFollower: hears from the other nodes what has changed, and ends this process' answers that depend on
// it. While it cannot hear, answers last for their TTL; when it hears again, all that are kept end, because
// messages may have been missed.
//
// Loop thread only.
#pragma once

#include <string>

#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "queries/cache/generations.h"
#include "queries/cache/redis/redis_tier_metrics.h"
#include "redis/subscriber.h"

namespace tidemill::queries::redis_tier {

class ChangeFollower final : public redis::SubscriberEvents {
 public:
  // `node`: whose messages are our own. All borrowed outlive it.
  ChangeFollower(net::Loop& loop, Generations& generations, std::string channel, std::string node,
                 RedisTierMetrics& metrics);

  // Once. `subscriber` was made for this object and outlives its tasks.
  void Follow(redis::Subscriber& subscriber);

  // redis::SubscriberEvents
  void OnMessage(std::string_view channel, std::string_view payload) override;
  void OnLost(const std::string& channel) override;
  void OnRestored(const std::string& channel) override;

 private:
  Task<void> Subscribe(redis::Subscriber& subscriber);
  void Begin();

  net::Loop& loop_;
  Generations& generations_;
  const std::string channel_;
  const std::string node_;
  RedisTierMetrics& metrics_;
  TaskScope scope_;  // last: its task refers to all above
};

}  // namespace tidemill::queries::redis_tier
