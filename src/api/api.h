// The server HTTP API: POST <prefix>/<method>, JSON in and out; what a backend talks to.
//
// One Api per loop; ApiMetrics are shared by the loops. The methods are those that the modules give it
// (api/method.h). The router's handlers refer to the Api, which must outlive them. A reload changes keys and
// error mode; the prefix stays. <prefix>/openapi.json describes all methods.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "api/method.h"
#include "api/metrics.h"
#include "api/people.h"
#include "api/settings.h"
#include "http/server.h"

namespace tidemill::api {

// Of one loop.
struct Limits {
  // Requests that change state and have not come to their end, whether or not somebody still waits for them.
  // One more is answered with kErrorLimitExceeded.
  std::size_t changes_max = 10'000;
};

class Api {
 public:
  // `people`: who may sign in instead of having a key; null: nobody.
  static std::unique_ptr<Api> Make(std::vector<Method> methods, const HttpApiSettings& settings,
                                   ApiMetrics& metrics, Limits limits = {},
                                   std::unique_ptr<People> people = nullptr);
  virtual ~Api() = default;
  virtual void AddRoutes(http::Router& router) = 0;
  // Requests that change state and have not come to their end. The wiring waits for them before it ends.
  virtual std::size_t changes() const = 0;
  virtual void ReplaceSettings(const HttpApiSettings& settings) = 0;
};

}  // namespace tidemill::api
