// RestHandler: everything below the prefix of endpoints, on one loop: it finds the handler of a path and a
// method among those that are served now.
//
// RouteTable is made on any thread and then the loop's. Requests under way go on with the handlers that they
// began with.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http/handler.h"
#include "http/router.h"
#include "queries/endpoint/query_handler.h"
#include "queries/endpoint/served_endpoint.h"

namespace tidemill::queries {

struct RouteTable {
  http::Router router;
};

// One handler for each endpoint; those that are broken answer 503, with the reason to developers only.
std::unique_ptr<RouteTable> MakeRouteTable(QueryServices& services, const Serving& serving,
                                           const std::string& prefix);

class RestHandler final : public http::Handler {
 public:
  // `services` outlives it. Without a table everything answers 503: nothing is known yet.
  explicit RestHandler(const QueryServices& services) : services_(services) {}

  std::size_t body_bytes_max() const override { return services_.settings.body_max; }
  std::optional<http::Response> Admit(const http::Request& request) override;
  Task<http::Response> Handle(const http::Request& request) override;

  // From the next request on. Gives the one before, which may be large; null: there was none.
  std::unique_ptr<RouteTable> Replace(std::unique_ptr<RouteTable> table);

 private:
  struct Found;
  Found Find(const http::Request& request) const;

  const QueryServices& services_;
  std::unique_ptr<RouteTable> table_;
};

}  // namespace tidemill::queries
