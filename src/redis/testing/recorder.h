// Recorder: keeps the events of a Subscriber.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "redis/subscriber.h"

namespace tidemill::redis::testing {

struct Recorder final : SubscriberEvents {
  void OnMessage(std::string_view channel, std::string_view payload) override {
    messages[std::string(channel)].emplace_back(payload);
  }
  void OnLost(const std::string& channel) override { ++lost[channel]; }
  void OnRestored(const std::string& channel) override { ++restored[channel]; }

  std::map<std::string, std::vector<std::string>> messages;
  std::map<std::string, int> lost;
  std::map<std::string, int> restored;
};

}  // namespace tidemill::redis::testing
