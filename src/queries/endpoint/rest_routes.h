// RestRoutes: everything below the prefix of endpoints, on one loop: those that are served now.
//
// RouteTable is made on any thread and then the loop's. Requests under way go on with the handlers that they
// began with.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

// Without a table everything is answered 503: nothing is known yet.
class RestRoutes final : public http::Mount {
 public:
  const http::Router::Route* Find(std::string_view path,
                                  std::vector<std::string_view>& values) const override;
  http::Response NotFound() const override;
  http::Response WrongMethod(const std::string& allow) const override;

  // From the next request on. Gives the one before, which may be large; null: there was none.
  std::unique_ptr<RouteTable> Replace(std::unique_ptr<RouteTable> table);

 private:
  std::unique_ptr<RouteTable> table_;
};

}  // namespace tidemill::queries
