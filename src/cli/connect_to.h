// ConnectTo: a connection to a server as a person names it, with TLS where its URL says so.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "cli/endpoint.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/task.h"

namespace tidemill::cli {

// As net::ConnectToAny; `loop` outlives the task.
Task<Result<std::unique_ptr<net::Stream>>> ConnectTo(net::Loop& loop, Endpoint endpoint, Duration wait);

}  // namespace tidemill::cli
