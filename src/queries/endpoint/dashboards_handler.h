// DashboardsHandler: PREFIX/dashboards.json on one loop: the dashboards that the caller may see. A query that
// would refuse the caller is not in it.
//
// Made on any thread; then the loop's thread only.
#pragma once

#include <memory>
#include <utility>

#include "http/handler.h"
#include "queries/endpoint/query_handler.h"
#include "queries/openapi/dashboards.h"

namespace tidemill::queries {

class DashboardsHandler final : public http::Handler {
 public:
  // `services` outlives it.
  DashboardsHandler(QueryServices& services, std::shared_ptr<const Dashboards> dashboards)
      : services_(services), dashboards_(std::move(dashboards)) {}

  Task<http::Response> Handle(const http::Request& request) override;

 private:
  QueryServices& services_;
  const std::shared_ptr<const Dashboards> dashboards_;
};

}  // namespace tidemill::queries
