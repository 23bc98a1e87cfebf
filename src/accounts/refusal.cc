#include "accounts/refusal.h"

#include <utility>

#include "base/json_writer.h"
#include "base/log.h"

namespace tidemill::accounts {

std::unexpected<Refusal> Refuse(int status, std::string code, std::string message, std::string field) {
  return std::unexpected(Refusal{
      .status = status, .code = std::move(code), .message = std::move(message), .field = std::move(field)});
}

std::unexpected<Refusal> RefuseField(std::string field, std::string message) {
  return Refuse(422, "invalid", std::move(message), std::move(field));
}

Refusal RefusalOf(const Error& error) {
  switch (error.code) {
    case Errc::kNotFound: return {.status = 404, .code = "not_found", .message = error.detail};
    case Errc::kAlreadyExists:
      return {.status = 409, .code = "conflict", .message = error.detail, .field = "username"};
    case Errc::kPermissionDenied: return {.status = 403, .code = "forbidden", .message = error.detail};
    case Errc::kRefused: return {.status = 409, .code = "conflict", .message = error.detail};
    case Errc::kUnauthenticated:
      return {.status = 401, .code = "unauthenticated", .message = "you are not logged in any more; log in"};
    case Errc::kLimitExceeded:
      return {.status = 503,
              .code = "busy",
              .message = "too much is going on; try again in a moment",
              .retry_after = Seconds(1)};
    case Errc::kUnavailable:
    case Errc::kTimeout:
      return {.status = 503,
              .code = "unavailable",
              .message = "the database does not answer; try again in a moment",
              .retry_after = Seconds(1)};
    default:
      log::Error("accounts.failed", {{"why", error.detail}});
      return {.status = 500, .code = "internal", .message = "this failed; the server's log says why"};
  }
}

http::Response ResponseOf(const Refusal& refusal) {
  std::string body;
  JsonWriter json(body);
  json.BeginObject();
  json.Key("error");
  json.BeginObject();
  json.Member("code", refusal.code);
  json.Member("message", refusal.message);
  if (!refusal.field.empty()) json.Member("field", refusal.field);
  if (refusal.retry_after > Duration{}) json.Member("retry_after_ms", refusal.retry_after.ms);
  json.EndObject();
  json.EndObject();
  http::Response response = http::Response::Json(refusal.status, std::move(body));
  response.headers.emplace_back("Cache-Control", "no-store");
  if (refusal.retry_after > Duration{}) {
    response.headers.emplace_back("Retry-After", std::to_string((refusal.retry_after.ms + 999) / 1000));
  }
  return response;
}

}  // namespace tidemill::accounts
