#include "chat/api/handler.h"

#include <memory>
#include <string>
#include <utility>

#include "chat/api/compose.h"
#include "chat/api/openapi.h"
#include "chat/api/refusals.h"
#include "http/assets.h"
#include "http/origin.h"

namespace tidemill::chat {
namespace {

// A text of 16,000 characters with every one of them escaped, a draft or metadata, and the rest.
constexpr std::size_t kBodyBytesMax = 256 << 10;

bool NamesItsCaller(const http::Request& request) {
  return request.Header("authorization") || request.Header("x-api-key");
}

class OperationHandler final : public http::Handler {
 public:
  OperationHandler(Service& service, const Operation& operation) : service_(service), operation_(operation) {}

  std::size_t body_bytes_max() const override { return kBodyBytesMax; }

  std::optional<http::Response> Admit(const http::Request& request) override {
    return AdmitCaller(service_, request, operation_.info.effect);
  }

  Task<http::Response> Handle(const http::Request& request) override {
    Outcome<Answer> answer = co_await Answered(request);
    if (!answer) co_return ToResponse(answer.error());
    http::Response response = http::Response::Json(answer->status, std::move(answer->json));
    if (response.status == 204) response.headers.clear();
    response.headers.emplace_back("Cache-Control", "no-store");
    co_return response;
  }

 private:
  Task<Outcome<Answer>> Answered(const http::Request& request) {
    TM_CO_TRY_ASSIGN(Actor actor, co_await service_.Identify(request));
    TM_CO_TRY_ASSIGN(const std::string json, Compose(operation_, request));
    TM_CO_TRY_ASSIGN(std::unique_ptr<Call> call, operation_.read(json));
    co_return co_await service_.Run(operation_, std::move(call), std::move(actor));
  }

  Service& service_;
  const Operation& operation_;
};

}  // namespace

std::optional<http::Response> AdmitCaller(const Service& service, const http::Request& request,
                                          Effect effect) {
  const auth::Authenticator& authenticator = *service.authenticator();
  if (!authenticator.HasCredentials(request)) {
    http::Response response = ToResponse({.code = Code::kUnauthenticated,
                                          .message = "a token, an API key or a session is needed",
                                          .field = ""});
    response.headers.emplace_back("WWW-Authenticate", authenticator.Challenge());
    return response;
  }
  if (effect == Effect::kReads || NamesItsCaller(request) || IsFromOwnPage(request)) return std::nullopt;
  return ToResponse({.code = Code::kForbidden,
                     .message = "with a browser's session only pages of this address may change something",
                     .field = ""});
}

bool IsFromOwnPage(const http::Request& request) {
  if (const auto site = request.Header("Sec-Fetch-Site")) return *site == "same-origin" || *site == "none";
  const auto origin = request.Header("Origin");
  return origin && http::OriginAllowed(*origin, request.Header("Host").value_or(""), {});
}

void AddRoutes(Service& service, http::Router& router) {
  for (const Operation& operation : service.operations()) {
    router.Add(operation.info.method, std::string(kPrefix) + std::string(operation.info.path),
               std::make_shared<OperationHandler>(service, operation));
  }
  router.Add(http::Method::kGet, std::string(kPrefix) + "/openapi.json",
             http::MakeAssetHandler({.content_type = "application/json",
                                     .body = OpenApiDocument(service.operations(), service.descriptions()),
                                     .content_security_policy = "default-src 'none'"}));
}

}  // namespace tidemill::chat
