// JobFollowers: what follows a node's jobs: their live channels, and the queues that are sent to a URL.
//
// Of the engine's loop. Made before the loops run, on the main thread; it ends before the engine.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "jobs/engine/engine.h"
#include "jobs/live/live.h"
#include "jobs/webhooks/webhooks.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "realtime/broker/broker.h"
#include "realtime/broker/publisher.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class JobFollowers {
 public:
  struct Surroundings {
    net::Loop& loop;
    jobs::Engine& engine;
    broker::Publisher& publisher;  // of that loop
    metrics::Registry& registry;
    std::string node_id;
  };
  static Result<std::unique_ptr<JobFollowers>> Make(const Surroundings& surroundings,
                                                    const settings::Settings& settings);

  // Wants to know of every loop's channels.
  broker::OccupancyEvents& occupancy() { return relay_; }

  webhooks::Webhooks& webhooks() { return webhooks_; }

  // On the loop.
  void ReplaceEndpoints(std::vector<webhooks::EndpointOptions> endpoints) {
    webhooks_.Replace(std::move(endpoints));
  }
  void Start() { webhooks_.Start(); }
  // No more jobs are sent.
  void Drain() { webhooks_.Drain(); }
  // Those that are being sent go back.
  void Stop() { webhooks_.Stop(); }

 private:
  JobFollowers(const Surroundings& surroundings, const settings::Settings& settings,
               std::shared_ptr<net::TlsContext> tls);

  live::Live live_;
  live::OccupancyRelay relay_;
  webhooks::Webhooks webhooks_;
};

}  // namespace tidemill::server
