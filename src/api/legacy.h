// POST <prefix>: {"method":…,"params":…}, one or more behind each other; run in their order, one reply a
// line.
//
// The form of Centrifugo's first API versions. If a part of it cannot be read, nothing is run.
#pragma once

#include <memory>

#include "api/service.h"
#include "http/server.h"

namespace tidemill::api {

std::shared_ptr<http::Handler> MakeLegacyHandler(Service& service);

}  // namespace tidemill::api
