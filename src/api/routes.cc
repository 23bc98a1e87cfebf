#include <utility>

#include "api/openapi.h"
#include "api/service.h"

namespace tidemill::api {
namespace {

// One method: <prefix>/<name>.
template <class R>
class MethodHandler final : public http::Handler {
 public:
  explicit MethodHandler(Service& service) : service_(service) {}

  Task<http::Response> Handle(const http::Request& http) override {
    if (auto refused = co_await service_.Refuse(http)) co_return *std::move(refused);
    R request;
    JsonReader json(http.body);
    Read(json, request);
    if (!json.Finish()) co_return BadRequest();
    std::string body = R"({"result":)";
    const Outcome outcome = co_await service_.Run(std::move(request), body);
    if (outcome) {
      body += '}';
      co_return http::Response::Json(200, std::move(body));
    }
    body.clear();
    if (service_.TellsByStatus(http)) {
      AppendErrorObject(outcome.error(), body);
      co_return http::Response::Json(HttpStatusOf(outcome.error()), std::move(body));
    }
    body = R"({"error":)";
    AppendErrorObject(outcome.error(), body);
    body += '}';
    co_return http::Response::Json(200, std::move(body));
  }

 private:
  Service& service_;
};

class OpenApiHandler final : public http::Handler {
 public:
  Task<http::Response> Handle(const http::Request&) override {
    co_return http::Response::Json(200, std::string(OpenApiJson()));
  }
};

template <std::size_t... I>
std::vector<Route> MethodRoutes(Service& service, const std::string& prefix, std::index_sequence<0, I...>) {
  return {
      Route{.method = http::Method::kPost,
            .path = prefix + "/" + std::string(MethodNames()[I - 1]),
            .handler = std::make_shared<MethodHandler<std::variant_alternative_t<I, Request>>>(service)}...};
}

}  // namespace

std::vector<Route> MakeRoutes(Service& service, const std::string& prefix) {
  auto routes = MethodRoutes(service, prefix, std::make_index_sequence<std::variant_size_v<Request>>());
  routes.push_back({http::Method::kPost, prefix + "/batch", MakeBatchHandler(service)});
  routes.push_back({http::Method::kPost, prefix.empty() ? "/" : prefix, MakeLegacyHandler(service)});
  routes.push_back({http::Method::kGet, prefix + "/openapi.json", std::make_shared<OpenApiHandler>()});
  return routes;
}

}  // namespace tidemill::api
