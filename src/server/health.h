// /health, /ready and /metrics.
//
// /health: the process works and wants to be kept; /ready: it wants traffic. Both turn 503 when it drains.
#pragma once

#include <atomic>
#include <memory>

#include "config/settings.h"
#include "http/server.h"
#include "metrics/metrics.h"

namespace tidemill::server {

// Any thread.
struct Health {
  std::atomic<bool> draining{false};
};

// Both must outlive the router.
void AddHealthRoutes(http::Router& router, const config::Settings& settings, const Health& health,
                     const metrics::Registry& registry);

}  // namespace tidemill::server
