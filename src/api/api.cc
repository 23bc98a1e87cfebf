#include "api/api.h"

#include <utility>

#include "api/routes.h"
#include "api/service.h"

namespace tidemill::api {
namespace {

class HttpApi final : public Api {
 public:
  HttpApi(std::vector<Method> methods, const HttpApiSettings& settings, ApiMetrics& metrics, Limits limits,
          std::unique_ptr<People> people)
      : prefix_(settings.handler_prefix),
        service_(std::move(methods), settings, metrics, limits, std::move(people)) {}

  void AddRoutes(http::Router& router) override {
    for (Route& route : MakeRoutes(service_, prefix_)) {
      router.Add(route.method, std::move(route.path), std::move(route.handler));
    }
  }

  std::size_t changes() const override { return service_.changes(); }

  void ReplaceSettings(const HttpApiSettings& settings) override { service_.ReplaceSettings(settings); }

 private:
  const std::string prefix_;
  Service service_;
};

}  // namespace

std::unique_ptr<Api> Api::Make(std::vector<Method> methods, const HttpApiSettings& settings,
                               ApiMetrics& metrics, Limits limits, std::unique_ptr<People> people) {
  return std::make_unique<HttpApi>(std::move(methods), settings, metrics, limits, std::move(people));
}

}  // namespace tidemill::api
