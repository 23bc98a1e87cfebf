// /health, /ready and /metrics.
//
// /health: the process works and wants to be kept; /ready: it wants traffic. Both turn 503 when it drains,
// and /ready for shutdown.delay before that, while the broker is away or refuses for longer than a grace, and
// until it was reached the first time.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/server.h"
#include "metrics/metrics.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

// Why the broker does not do its work.
struct BrokerProblem {
  MonotonicTime since{};
  bool from_start = false;  // it never did
  std::string_view status;  // "broker away"
  std::string why;          // "NOPERM", as Redis calls it
};

// Any thread.
struct Health {
  std::atomic<bool> leaving{false};  // it stops soon, and serves on until then
  std::atomic<bool> draining{false};
  // Set before the ports open.
  std::function<std::optional<BrokerProblem>()> broker_problem = [] { return std::nullopt; };
  Duration broker_grace = Seconds(5);  // a node without its broker is ready for so long
};

// Both must outlive the router.
void AddHealthRoutes(http::Router& router, const settings::Settings& settings, const Health& health,
                     const metrics::Registry& registry);

}  // namespace tidemill::server
