// The server HTTP API: POST /api/<method>, JSON in and out; what a backend talks to.
//
// One Api per loop; ApiMetrics are shared by the loops. The router's handlers refer to the Api, which must
// outlive them. A reload changes keys, error mode and channel rules; the prefix stays. api/openapi.json
// describes it and is served at <prefix>/openapi.json.
#pragma once

#include <memory>
#include <string>

#include "api/metrics.h"
#include "config/settings.h"
#include "http/server.h"
#include "realtime/broker/publisher.h"
#include "realtime/channels/rules.h"
#include "realtime/control/directory.h"

namespace tidemill::api {

// What may change by a reload; shared by the loops.
struct ApiSettings {
  config::HttpApiSettings http_api;
  std::shared_ptr<const channels::Rules> rules;
};

struct ApiServices {
  broker::Publisher& publisher;
  control::Directory& directory;
};

class Api {
 public:
  static std::unique_ptr<Api> Make(ApiServices services, std::shared_ptr<const ApiSettings> settings,
                                   ApiMetrics& metrics);
  virtual ~Api() = default;
  virtual void AddRoutes(http::Router& router) = 0;
  virtual void ReplaceSettings(std::shared_ptr<const ApiSettings> settings) = 0;
};

}  // namespace tidemill::api
