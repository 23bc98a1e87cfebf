#include "queries/endpoint/rest_routes.h"

#include <algorithm>
#include <utility>

#include "queries/answer/error_answer.h"
#include "queries/endpoint/dashboards_handler.h"

namespace tidemill::queries {
namespace {

http::Method ToHttp(files::Method method) {
  switch (method) {
    case files::Method::kGet: return http::Method::kGet;
    case files::Method::kPost: return http::Method::kPost;
    case files::Method::kPut: return http::Method::kPut;
    case files::Method::kPatch: return http::Method::kPatch;
    case files::Method::kDelete: return http::Method::kDelete;
  }
  return http::Method::kGet;
}

// Answers 503 for an endpoint that something is wrong with.
class BrokenHandler final : public http::Handler {
 public:
  BrokenHandler(std::string reason, std::size_t body_bytes_max)
      : reason_(std::move(reason)), body_bytes_max_(body_bytes_max) {}

  std::size_t body_bytes_max() const override { return body_bytes_max_; }
  std::optional<http::Response> Admit(const http::Request&) override { return Answer(); }
  Task<http::Response> Handle(const http::Request&) override { co_return Answer(); }

 private:
  http::Response Answer() const {
    ErrorAnswer error = MakeError(OwnError::kBroken, "this endpoint cannot be served now");
    error.details = reason_;
    return ToResponse(error);
  }

  const std::string reason_;  // "": it is not told
  const std::size_t body_bytes_max_;
};

// The one of a loop; what it gives depends on the caller.
std::shared_ptr<http::Handler> MakeDashboardsHandler(QueryServices& services, const Serving& serving) {
  std::vector<std::shared_ptr<const Endpoint>> endpoints;
  for (const auto& served : serving.endpoints) endpoints.push_back(served->endpoint);
  const std::vector<BrokenEndpoint> none;
  auto dashboards = std::make_shared<const Dashboards>(
      endpoints, services.developer ? serving.catalog->broken : none, services.database.dialect());
  return std::make_shared<DashboardsHandler>(services, std::move(dashboards));
}

http::Response NotReady() {
  ErrorAnswer error = MakeError(OwnError::kUnavailable, "the endpoints are not ready yet; try again");
  error.retry_after = Seconds(1);
  return ToResponse(error);
}

}  // namespace

std::unique_ptr<RouteTable> MakeRouteTable(QueryServices& services, const Serving& serving,
                                           const std::string& prefix) {
  auto table = std::make_unique<RouteTable>();
  const auto pattern = [&](const files::Route& route) { return prefix + route.Path(); };
  const bool live =
      std::ranges::any_of(serving.endpoints, [](const auto& each) { return each->query().live.has_value(); });
  const auto writes =
      live && services.on_write ? QueryHandler::Writes::kTellTransaction : QueryHandler::Writes::kPlain;
  for (const auto& served : serving.endpoints) {
    const files::Route& route = served->query().route;
    table->router.Add(ToHttp(route.method), pattern(route),
                      std::make_shared<QueryHandler>(services, served, writes));
  }
  for (const BrokenEndpoint& broken : serving.catalog->broken) {
    table->router.Add(
        ToHttp(broken.route.method), pattern(broken.route),
        std::make_shared<BrokenHandler>(services.developer ? broken.reason : "", services.settings.body_max));
  }
  // No file can have this name.
  table->router.Add(http::Method::kGet, prefix + "/dashboards.json",
                    MakeDashboardsHandler(services, serving));
  return table;
}

const http::Router::Route* RestRoutes::Find(std::string_view path,
                                            std::vector<std::string_view>& values) const {
  return table_ ? table_->router.Find(path, values) : nullptr;
}

http::Response RestRoutes::NotFound() const {
  if (!table_) return NotReady();
  return ToResponse(MakeError(OwnError::kNoEndpoint, "there is no such endpoint"));
}

http::Response RestRoutes::WrongMethod(const std::string& allow) const {
  return ToResponse(MakeError(OwnError::kWrongMethod, "this endpoint has other methods: " + allow));
}

std::unique_ptr<RouteTable> RestRoutes::Replace(std::unique_ptr<RouteTable> table) {
  return std::exchange(table_, std::move(table));
}

}  // namespace tidemill::queries
