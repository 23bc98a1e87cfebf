// Routes: which endpoint is asked about what, by the settings.
//
// Immutable but for the endpoints themselves; calls hold the one they ask.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "realtime/proxies/endpoint.h"
#include "realtime/proxies/settings.h"

namespace tidemill::proxies {

using EndpointPtr = std::shared_ptr<Endpoint>;

// The endpoints of one kind, by the names that options use.
using Endpoints = std::map<std::string, EndpointPtr, std::less<>>;

struct Routes {
  EndpointPtr connect;  // null: nobody is asked
  EndpointPtr refresh;
  Endpoints subscribe;
  Endpoints publish;
  Endpoints sub_refresh;
  Endpoints map_publish;
  Endpoints map_remove;
  Endpoints rpc;
  ProxiesSettings settings;

  HeaderNames header_names;  // of all endpoints
};

// Opens the endpoints that are used; those of `before` whose settings are the same stay.
Result<Routes> OpenRoutes(const Endpoint::Surroundings& surroundings, const ProxiesSettings& settings,
                          const channels::ChannelSettings& channel, const Routes& before);

// Whether the files that endpoints need can be used; the error is that of OpenRoutes. Any thread.
Result<void> CheckFiles(const ProxiesSettings& settings);

}  // namespace tidemill::proxies
