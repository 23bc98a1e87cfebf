#include "api/api.h"

#include <utility>

#include "api/service.h"

namespace tidemill::api {
namespace {

class HttpApi final : public Api {
 public:
  HttpApi(ApiServices services, std::shared_ptr<const ApiSettings> settings, ApiMetrics& metrics)
      : prefix_(settings->http_api.handler_prefix),
        service_{.commands = Commands(services, settings),
                 .authenticator = MakeAuthenticator(settings->http_api),
                 .metrics = metrics} {}

  void AddRoutes(http::Router& router) override {
    for (Route& route : MakeRoutes(service_, prefix_)) {
      router.Add(route.method, std::move(route.path), std::move(route.handler));
    }
  }

  void ReplaceSettings(std::shared_ptr<const ApiSettings> settings) override {
    service_.authenticator = MakeAuthenticator(settings->http_api);
    service_.commands.ReplaceSettings(std::move(settings));
  }

 private:
  const std::string prefix_;
  Service service_;
};

}  // namespace

std::unique_ptr<Api> Api::Make(ApiServices services, std::shared_ptr<const ApiSettings> settings,
                               ApiMetrics& metrics) {
  return std::make_unique<HttpApi>(services, std::move(settings), metrics);
}

}  // namespace tidemill::api
