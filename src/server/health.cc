#include "server/health.h"

#include <string>
#include <utility>

#include "base/json_writer.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

class HealthHandler final : public http::Handler {
 public:
  explicit HealthHandler(const Health& health) : health_(health) {}
  Task<http::Response> Handle(const http::Request&) override {
    if (health_.draining) co_return http::Response::Json(503, "{\"status\":\"draining\"}");
    co_return http::Response::Json(200, "{}");
  }

 private:
  const Health& health_;
};

std::string ToJson(const ServiceProblem& problem) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("status", problem.status);
  json.Member("why", problem.why);
  json.EndObject();
  return text;
}

class ReadyHandler final : public http::Handler {
 public:
  explicit ReadyHandler(const Health& health) : health_(health) {}
  Task<http::Response> Handle(const http::Request&) override {
    if (health_.draining) co_return http::Response::Json(503, "{\"status\":\"draining\"}");
    if (health_.leaving) co_return http::Response::Json(503, "{\"status\":\"leaving\"}");
    for (const Health::Dependency& dependency : health_.dependencies) {
      const std::optional<ServiceProblem> problem = dependency.problem();
      if (problem && (problem->from_start || SystemClock().Now() - problem->since > dependency.grace)) {
        co_return http::Response::Json(503, ToJson(*problem));
      }
    }
    co_return http::Response::Json(200, "{}");
  }

 private:
  const Health& health_;
};

class MetricsHandler final : public http::Handler {
 public:
  explicit MetricsHandler(const metrics::Registry& registry) : registry_(registry) {}
  Task<http::Response> Handle(const http::Request&) override {
    http::Response response = http::Response::Text(200, registry_.Text());
    response.headers.front().second = "text/plain; version=0.0.4; charset=utf-8";
    co_return response;
  }

 private:
  const metrics::Registry& registry_;
};

}  // namespace

void AddHealthRoutes(http::Router& router, const settings::Settings& settings, const Health& health,
                     const metrics::Registry& registry) {
  if (settings.health_enabled) {
    router.Add(http::Method::kGet, "/health", std::make_shared<HealthHandler>(health));
    router.Add(http::Method::kGet, "/ready", std::make_shared<ReadyHandler>(health));
  }
  if (settings.prometheus_enabled) {
    router.Add(http::Method::kGet, "/metrics", std::make_shared<MetricsHandler>(registry));
  }
}

}  // namespace tidemill::server
