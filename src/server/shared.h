// Shared: what all loops count in, and the limits they have in common.
//
// Any thread, as its members say.
#pragma once

#include <cstddef>
#include <memory>

#include "api/metrics.h"
#include "auth/own_key.h"
#include "http/buffer_budget.h"
#include "http/metrics.h"
#include "metrics/metrics.h"
#include "net/connection_limiter.h"
#include "realtime/access/access_list.h"
#include "realtime/hub/hub.h"
#include "realtime/session/metrics.h"

namespace tidemill::server {

struct Shared {
  Shared(net::ConnectionLimits limits, std::size_t http_buffers_bytes_max, std::size_t access_entries_max)
      : http_buffers(http_buffers_bytes_max, registry),
        limiter(net::ConnectionLimiter::Make(limits)),
        access(access_entries_max, registry) {}

  metrics::Registry registry;
  hub::HubMetrics hub_metrics{registry};
  session::SessionMetrics session_metrics{registry};
  http::ServerMetrics http_metrics{registry};
  api::ApiMetrics api_metrics{registry};
  http::ClientMetrics client_metrics{registry};  // of proxies
  http::BufferBudget http_buffers;
  const std::unique_ptr<net::ConnectionLimiter> limiter;
  access::AccessList access;
  auth::OwnKey own_key;  // of accounts, once they are there
};

}  // namespace tidemill::server
