#include "api/errors.h"

#include "base/json.h"

namespace tidemill::api {

int HttpStatusOf(const ErrorCode& error) {
  if (error == protocol::kErrorRedisAway || error == protocol::kErrorRedisRefuses) return 503;
  switch (error.code) {
    case protocol::kErrorUnknownChannel.code:
    case protocol::kErrorMethodNotFound.code: return 404;
    case protocol::kErrorPermissionDenied.code: return 403;
    case protocol::kErrorLimitExceeded.code: return 503;
    case protocol::kErrorBadRequest.code:
    case protocol::kErrorNotAvailable.code: return 400;
    case protocol::kErrorUnrecoverablePosition.code: return 416;
    case kErrorAlreadyExists.code:
    case protocol::kErrorConcurrentPagination.code: return 409;
    case kErrorUnavailable.code: return 503;
    default: return 500;
  }
}

void AppendErrorObject(const Failure& failure, std::string& out) {
  const std::string_view message = failure.code.message;
  JsonWriter json(out);
  json.BeginObject();
  json.Member("code", failure.code.code);
  if (failure.detail.empty()) {
    json.Member("message", message);
  } else {
    json.Member("message", std::string(message) + ": " + failure.detail);
  }
  json.EndObject();
}

}  // namespace tidemill::api
