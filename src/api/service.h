// Service: what the API's HTTP handlers of one loop share, and the table of its routes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/commands.h"
#include "api/door.h"
#include "api/errors.h"
#include "api/metrics.h"
#include "api/requests.h"
#include "http/server.h"

namespace tidemill::api {

struct Service {
  Commands commands;
  Door door;
  ApiMetrics& metrics;

  // Runs and counts it. The result is appended to `out`, which must stay until the task ends.
  template <class R>
  Task<Outcome> Run(R request, std::string& out);
  Task<Outcome> RunAny(Request request, std::string& out);

  // Whether errors are told by the HTTP status.
  bool TellsByStatus(const http::Request& request) const;
};

http::Response Unauthorized();
http::Response BadRequest();

// POST <prefix>/batch: many commands in one request; one reply each, in their order.
std::shared_ptr<http::Handler> MakeBatchHandler(Service& service);
// POST <prefix>: {"method":…,"params":…}, one or more, replies one per line.
std::shared_ptr<http::Handler> MakeLegacyHandler(Service& service);

struct Route {
  http::Method method;
  std::string path;
  std::shared_ptr<http::Handler> handler;
};
// All there are, under `prefix`. The handlers refer to `service`.
std::vector<Route> MakeRoutes(Service& service, const std::string& prefix);

}  // namespace tidemill::api
