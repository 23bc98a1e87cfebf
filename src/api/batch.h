// POST <prefix>/batch: many commands in one request; one reply each, in their order.
//
// {"commands":[{"publish":{…}},{"info":{}}],"parallel":true}. If a part of it cannot be read, nothing is run.
#pragma once

#include <cstddef>
#include <memory>

#include "api/service.h"
#include "http/server.h"

namespace tidemill::api {

inline constexpr std::size_t kBatchCommandsMax = 10'000;

std::shared_ptr<http::Handler> MakeBatchHandler(Service& service);

}  // namespace tidemill::api
