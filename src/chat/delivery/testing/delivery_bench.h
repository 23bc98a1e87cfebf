// DeliveryBench: a loop with a broker of its own, what chat publishes on it, and what of it the channels
// have.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chat/delivery/channels.h"
#include "chat/delivery/courier.h"
#include "metrics/metrics.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "realtime/broker/memory/memory_broker.h"
#include "realtime/broker/publisher.h"
#include "realtime/session/testing/pausable_broker.h"

namespace tidemill::chat::testing {

struct DeliveryBench {
  explicit DeliveryBench(net::LoopOptions options = {}) : loop(net::testing::OpenLoop(options)) {}

  static std::shared_ptr<const channels::Rules> Rules() {
    channels::ChannelSettings settings;
    settings.namespaces[std::string(kNamespace)] = ChatChannelOptions();
    settings.namespaces[std::string(kLiveNamespace)] = LiveRoomChannelOptions();
    return *channels::Rules::Make(std::move(settings));
  }

  // What has reached the channel, in order.
  std::vector<std::string> Published(std::string channel) {
    net::testing::RunTurns(*loop, 20);
    const auto history = net::testing::RunTask(
        *loop, publisher.History({.channel = std::move(channel), .query = {.since = {}, .limit = -1}}));
    std::vector<std::string> events;
    if (!history) return events;
    for (const auto& each : history->publications) events.push_back(each->data);
    return events;
  }

  const std::unique_ptr<net::Loop> loop;
  const std::unique_ptr<broker::MemoryBrokerShards> shards = broker::MakeMemoryBrokerShards({loop.get()}, {});
  const broker::LoopBroker real = shards->TakeShard(0);
  session::PausableBroker broker{*loop, *real.broker, *real.presence};
  broker::Publisher publisher{broker, broker, Rules()};
  metrics::Registry registry;
  DeliveryMetrics metrics{registry};
  Courier courier{*loop, publisher, metrics};
};

}  // namespace tidemill::chat::testing
