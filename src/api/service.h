// Service: what the API's HTTP handlers of one loop share, and the table of its routes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/commands.h"
#include "api/errors.h"
#include "api/metrics.h"
#include "api/requests.h"
#include "auth/authenticator.h"
#include "http/server.h"

namespace tidemill::api {

struct Service {
  Commands commands;
  std::shared_ptr<auth::Authenticator> authenticator;
  ApiMetrics& metrics;

  // Runs and counts it. The result is appended to `out`, which must stay until the task ends.
  template <class R>
  Task<Outcome> Run(R request, std::string& out);
  Task<Outcome> RunAny(Request request, std::string& out);

  // The response for a request whose credentials are not accepted; nullopt: they are.
  Task<std::optional<http::Response>> Refuse(const http::Request& request) const;

  // Whether errors are told by the HTTP status.
  bool TellsByStatus(const http::Request& request) const;
};

// Admits those who have one of the keys, or everybody.
std::shared_ptr<auth::Authenticator> MakeAuthenticator(const config::HttpApiSettings& settings);

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
