// The operator's endpoint as a target: each batch is a POST, signed as in Standard Webhooks.
#pragma once

#include <cstddef>
#include <memory>

#include "base/result.h"
#include "events/metrics.h"
#include "events/settings.h"
#include "events/target.h"
#include "net/loop.h"

namespace tidemill::events {

// Has arrived: 2xx, and no "error" in the answer. At most `requests_max` are under way. Reads files; an error
// names the one that is of no use. `settings` were checked and have an endpoint.
Result<std::unique_ptr<Target>> OpenEndpoint(net::Loop& loop, const EventsSettings& settings,
                                             std::size_t requests_max, Metrics& metrics);

}  // namespace tidemill::events
