// The routes of the API.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/service.h"
#include "http/server.h"

namespace tidemill::api {

struct Route {
  http::Method method;
  std::string path;
  std::shared_ptr<http::Handler> handler;
};

// One for each method, batch, legacy form, and the OpenAPI document. The handlers refer to `service`.
std::vector<Route> MakeRoutes(Service& service, const std::string& prefix);

}  // namespace tidemill::api
