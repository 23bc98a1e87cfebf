// NodeRates: where what users send is counted over all nodes, on each loop.
//
// Made before the loops run, on the main thread. The contexts and the brokers outlive it; it ends after the
// sessions.
#pragma once

#include <memory>
#include <vector>

#include "realtime/session/context.h"
#include "realtime/session/shared_rates.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class Brokers;
struct Shared;

class NodeRates {
 public:
  NodeRates(const std::vector<session::Context*>& contexts, Brokers& brokers,
            const settings::Settings& settings, Shared& shared);

 private:
  session::SharedRateMetrics metrics_;
  std::vector<std::unique_ptr<session::SharedRates>>
      rates_;  // of each loop; empty: each node counts for itself
};

}  // namespace tidemill::server
