// Addresses of names, by the system's resolver. Loop thread only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/task.h"

namespace tidemill::net {

// Addresses of a name, by the system's resolver on the thread pool; an IP address is its own answer, at once.
// kUnavailable, kNotFound. The resolver's own time-outs apply: a caller with a deadline destroys the task.
Task<Result<std::vector<SocketAddress>>> Resolve(Loop& loop, std::string host, std::uint16_t port);

}  // namespace tidemill::net
