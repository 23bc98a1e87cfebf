// /health, /ready and /metrics.
//
// /health: the process works and wants to be kept; /ready: it wants traffic. Both turn 503 when it drains,
// and /ready for shutdown.delay before that, while the broker or a database is away or refuses for longer
// than its grace, and until it was reached the first time.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/server.h"
#include "metrics/metrics.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

// Why the broker or a database does not do its work.
struct ServiceProblem {
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
  struct Dependency {
    std::function<std::optional<ServiceProblem>()> problem;
    Duration grace = Seconds(5);  // a node without it is ready for so long
  };
  std::vector<Dependency> dependencies;
};

// Both must outlive the router.
void AddHealthRoutes(http::Router& router, const settings::Settings& settings, const Health& health,
                     const metrics::Registry& registry);

}  // namespace tidemill::server
