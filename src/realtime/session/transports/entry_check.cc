#include "realtime/session/transports/entry_check.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/utf8.h"
#include "http/origin.h"

namespace tidemill::session {
namespace {

constexpr int kForbidden = 403;
constexpr std::size_t kOriginBytesMax = 200;  // of one that is told back

}  // namespace

std::optional<http::Response> EntryCheck::RefusalOf(const http::Request& request) {
  if (auto draining = WhileDraining()) return draining;
  return OfOrigin(request);
}

std::optional<http::Response> EntryCheck::WhileDraining() const {
  if (!context_.draining) return std::nullopt;
  http::Response response = http::Response::Text(503, "shutting down: connect to another node\n");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

std::optional<http::Response> EntryCheck::OfOrigin(const http::Request& request) {
  const auto origin = request.Header("Origin");
  const auto& allowed = context_.settings->client.allowed_origins;
  if (!origin || http::OriginAllowed(*origin, request.Header("Host").value_or(""), allowed))
    return std::nullopt;
  return ForeignOrigin(request);
}

// Only the operator can let it in: the answer and the log say how.
http::Response EntryCheck::ForeignOrigin(const http::Request& request) {
  const std::string_view origin = CutUtf8(request.Header("Origin").value_or(""), kOriginBytesMax);
  context_.metrics.refusals[static_cast<std::size_t>(RefusalReason::kOrigin)]->Add();
  if (const auto suppressed = refusals_.Count(context_.loop.clock().Now())) {
    log::Warn("session.origin_refused", {{"origin", origin},
                                         {"host", request.Header("Host").value_or("")},
                                         {"address", request.peer.ToString()},
                                         {"setting", "client.allowed_origins"},
                                         {"suppressed", *suppressed}});
  }
  return http::Response::Text(
      kForbidden,
      fmt::format("the origin \"{}\" is not allowed; the server's setting client.allowed_origins lists those "
                  "that are\n",
                  origin));
}

}  // namespace tidemill::session
