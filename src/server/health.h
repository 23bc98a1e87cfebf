// /health, /ready and /metrics.
//
// /health: the process works and wants to be kept; /ready: it wants traffic. Both turn 503 when it drains,
// and /ready for shutdown.delay before that, and while the broker is away for longer than a grace.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "http/server.h"
#include "metrics/metrics.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

// Any thread.
struct Health {
  std::atomic<bool> leaving{false};  // it stops soon, and serves on until then
  std::atomic<bool> draining{false};
  // Since when the broker has been away; nullopt while it is there. Set before the ports open.
  std::function<std::optional<MonotonicTime>()> broker_down_since = [] { return std::nullopt; };
  Duration broker_grace = Seconds(5);  // a node without its broker is ready for so long
};

// Both must outlive the router.
void AddHealthRoutes(http::Router& router, const settings::Settings& settings, const Health& health,
                     const metrics::Registry& registry);

}  // namespace tidemill::server
