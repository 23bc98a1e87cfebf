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
  Endpoints shared_poll_refresh;
  Endpoints rpc;
  ProxiesSettings settings;

  HeaderNames header_names;  // of all endpoints
};

// What the endpoints need for TLS: of the standard proxies by kind, of the others by name.
struct ProxiesTls {
  std::map<std::string, EndpointTls> standard;
  std::map<std::string, EndpointTls> named;
};

// Reads their files: not on a loop that serves. An error names the proxy and the file that cannot be used.
Result<ProxiesTls> OpenTls(const ProxiesSettings& settings);

// Opens the endpoints that are used; those of `before` stay whose settings are the same, and what is in their
// files.
Routes OpenRoutes(const Endpoint::Surroundings& surroundings, const ProxiesSettings& settings,
                  const ProxiesTls& tls, const channels::ChannelSettings& channel, const Routes& before);

}  // namespace tidemill::proxies
