#include "queries/endpoint/dashboards_handler.h"

#include <utility>

#include "queries/answer/compress.h"
#include "queries/endpoint/identity.h"

namespace tidemill::queries {

Task<http::Response> DashboardsHandler::Handle(const http::Request& request) {
  auto identity = co_await IdentifyCaller(services_, request);
  if (!identity) co_return std::move(identity).error();
  const std::string_view user = identity->caller ? std::string_view(identity->caller->user) : "";
  http::Response response = http::Response::Json(
      200, dashboards_->ToJson(user, [&](const files::Auth& auth) { return !Refuse(auth, *identity); }));
  // Of this caller, and of these files.
  response.headers.emplace_back("Cache-Control", "no-store");
  co_return Compress(std::move(response), request, services_.loop);
}

}  // namespace tidemill::queries
