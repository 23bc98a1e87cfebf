// The server HTTP API: POST /api/<method>, JSON in and out; what a backend talks to.
//
// One Api per loop. api/openapi.json describes it and is served at <prefix>/openapi.json.
#pragma once

#include <memory>
#include <string>

#include "auth/api_key.h"
#include "broker/broker.h"
#include "broker/presence.h"
#include "channels/rules.h"
#include "config/settings.h"
#include "http/server.h"
#include "metrics/metrics.h"
#include "session/directory.h"

namespace tidemill::api {

// What may change by a reload; shared by the loops.
struct ApiSettings {
  config::HttpApiSettings http_api;
  std::shared_ptr<const channels::Rules> rules;
  std::string node_id;
  std::string node_name;
  std::string version;
};

struct ApiServices {
  broker::Broker& broker;
  broker::PresenceStore& presence;
  session::Directory& directory;
};

class Api {
 public:
  static std::unique_ptr<Api> Make(ApiServices services, std::shared_ptr<const ApiSettings> settings,
                                   metrics::Registry& registry);
  virtual ~Api() = default;
  virtual void AddRoutes(http::Router& router) = 0;
  virtual void ReplaceSettings(std::shared_ptr<const ApiSettings> settings) = 0;
};

}  // namespace tidemill::api
