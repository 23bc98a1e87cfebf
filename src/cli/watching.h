// What commands share that draw a picture of a server again and again, as `top` does.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cli/api_client.h"
#include "cli/command.h"

namespace tidemill::cli {

struct WatchOptions {
  ApiOptions api;
  std::string every = "1";  // seconds, 1 to 3600
  bool once = false;
};

// --once, which `once` explains, --every, and those of the API.
std::vector<Parameter> WatchParameters(std::string_view once, WatchOptions& options);

// Calls `watch` with a client of the server and the time from one picture to the next; gives what it gives.
using Watch = std::function<int(ApiClient& client, Duration every)>;
int RunWatch(const WatchOptions& options, Io io, const Watch& watch);

}  // namespace tidemill::cli
