#include "chat/api/refusals.h"

#include "base/json.h"

namespace tidemill::chat {

int StatusOf(Code code) {
  switch (code) {
    case Code::kInvalid: return 400;
    case Code::kUnauthenticated: return 401;
    case Code::kForbidden:
    case Code::kMuted:
    case Code::kBanned: return 403;
    case Code::kNotFound: return 404;
    case Code::kConflict:
    case Code::kArchived: return 409;
    case Code::kTooLong:
    case Code::kQuotaExceeded: return 413;
    case Code::kStorageFull: return 507;
    case Code::kTooMany: return 422;
    case Code::kSlowMode:
    case Code::kRateLimited: return 429;
    case Code::kUnavailable: return 503;
    case Code::kInternal: break;
  }
  return 500;
}

std::string ToJson(const Refusal& refusal) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("code", Name(refusal.code));
  json.Member("message", refusal.message);
  if (!refusal.field.empty()) json.Member("field", refusal.field);
  if (refusal.retry_after_ms > 0) json.Member("retry_after_ms", refusal.retry_after_ms);
  json.EndObject();
  return text;
}

http::Response ToResponse(const Refusal& refusal) {
  const int status = StatusOf(refusal.code);
  http::Response response = http::Response::Json(status, "{\"error\":" + ToJson(refusal) + "}");
  if (status == 429 || status == 503) {
    const std::int64_t seconds = (refusal.retry_after_ms + 999) / 1000;
    response.headers.emplace_back("Retry-After", std::to_string(seconds > 0 ? seconds : 1));
  }
  return response;
}

session::Refusal ToRpcError(const Refusal& refusal) {
  const int status = StatusOf(refusal.code);
  return session::Refusal::Error(static_cast<std::uint32_t>(status), ToJson(refusal),
                                 status == 429 || status == 503);
}

}  // namespace tidemill::chat
