#include "api/routes.h"

#include <utility>

#include "api/audit_target.h"
#include "api/batch.h"
#include "api/gated_handler.h"
#include "api/legacy.h"
#include "api/openapi.h"

namespace tidemill::api {
namespace {

// One method: <prefix>/<name>.
class MethodHandler final : public GatedHandler {
 public:
  MethodHandler(Service& service, const Method& method)
      : GatedHandler(service, method.rights), method_(method) {}

  // A session is looked up once the request is there.
  std::optional<http::Response> Admit(const http::Request& request) override {
    return service_.IsOfPerson(request) ? std::nullopt : GatedHandler::Admit(request);
  }
  bool admits_stranger(const http::Request& request) const override { return service_.IsOfPerson(request); }
  bool ends_at_half_close() const override { return method_.waits; }

  Task<http::Response> Handle(const http::Request& http) override {
    std::optional<Person> person;
    if (service_.IsOfPerson(http)) {
      auto known = co_await service_.Identify(http, method_);
      if (!known) co_return std::move(known).error();
      person = *std::move(known);
    }
    JsonReader json(http.body);
    Command command = service_.Read(method_.name.text, json);
    if (const auto read = json.Finish(); !read) co_return service_.RefuseToRead(http, read.error().detail);
    Outcome outcome =
        person ? co_await service_.RunFor(*std::move(person), std::move(command), AuditTarget(http.body))
               : co_await service_.Run(std::move(command));
    if (outcome) {
      co_return AnswerText().Append(R"({"result":)").AppendLarge(*std::move(outcome)).Append("}").Respond();
    }
    std::string body;
    if (service_.TellsByStatus(http)) {
      AppendErrorObject(outcome.error(), body);
      co_return http::Response::Json(HttpStatusOf(outcome.error().code), std::move(body));
    }
    body = R"({"error":)";
    AppendErrorObject(outcome.error(), body);
    body += '}';
    co_return http::Response::Json(200, std::move(body));
  }

 private:
  const Method& method_;  // of the service
};

class OpenApiHandler final : public http::Handler {
 public:
  explicit OpenApiHandler(std::string document) : document_(std::move(document)) {}

  Task<http::Response> Handle(const http::Request&) override {
    co_return http::Response::Json(200, document_);
  }

 private:
  const std::string document_;
};

}  // namespace

std::vector<Route> MakeRoutes(Service& service, const std::string& prefix) {
  std::vector<Route> routes;
  for (const Method& method : service.methods()) {
    routes.push_back({.method = http::Method::kPost,
                      .path = prefix + "/" + std::string(method.name.text),
                      .handler = std::make_shared<MethodHandler>(service, method)});
  }
  const std::string root = prefix.empty() ? "/" : prefix;
  routes.push_back({http::Method::kPost, prefix + "/batch", MakeBatchHandler(service)});
  routes.push_back({http::Method::kPost, root, MakeLegacyHandler(service)});
  routes.push_back({http::Method::kGet, prefix + "/openapi.json",
                    std::make_shared<OpenApiHandler>(OpenApiDocument(service.methods(), root))});
  return routes;
}

}  // namespace tidemill::api
