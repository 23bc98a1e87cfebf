// Courier: publishes the events of chat.
//
// Publications to one channel leave in the order of the calls. What goes to many users leaves some in each
// turn of the loop, so that nobody waits for it. Nothing is tried again: who missed an event of a room sees
// that by its version.
//
// One per loop, loop thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "chat/delivery/metrics.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "realtime/broker/publisher.h"

namespace tidemill::chat {

// To the personal channels of users.
struct Letter {
  std::vector<std::string> users;
  std::string event;
};

class Courier {
 public:
  // That wait for the broker; and users to whom something is on its way.
  static constexpr std::size_t kPublishesMax = 10'000;  // to rooms and to everybody
  static constexpr std::size_t kLettersMax = 10'000;    // to users, who take no place of those
  static constexpr std::size_t kAddresseesMax = 1'000'000;

  // All outlive it.
  Courier(net::Loop& loop, broker::Publisher& publisher, DeliveryMetrics& metrics)
      : loop_(loop), publisher_(publisher), metrics_(metrics) {}

  void Publish(std::string channel, std::string event);
  void PublishTo(std::string_view user, std::string event);
  // What its history holds is gone, behind what was published before.
  void ForgetHistory(std::string channel);
  // Completes when all have left, or were dropped.
  Task<void> PublishToEach(Letter letter);
  // The same, and nobody waits for it.
  void SpawnToEach(Letter letter) { scope_.Spawn(PublishToEach(std::move(letter))); }

  DeliveryMetrics& metrics() { return metrics_; }

 private:
  void Post(std::string channel, std::string event, std::size_t& sending, std::size_t max);
  static Task<void> Send(Courier& self, broker::PublishCall call, std::size_t& sending);
  static Task<void> Forget(Courier& self, std::string channel);

  net::Loop& loop_;
  broker::Publisher& publisher_;
  DeliveryMetrics& metrics_;
  std::size_t sending_ = 0;     // that wait for the broker
  std::size_t letters_ = 0;     // likewise, to users
  std::size_t addressees_ = 0;  // of letters under way
  TaskScope scope_;             // last
};

}  // namespace tidemill::chat
