#include "api/errors.h"

#include "base/json.h"

namespace tidemill::api {

int HttpStatusOf(const ErrorCode& error) {
  switch (error.code) {
    case protocol::kErrorUnknownChannel.code:
    case protocol::kErrorMethodNotFound.code: return 404;
    case protocol::kErrorPermissionDenied.code: return 403;
    case protocol::kErrorLimitExceeded.code: return 503;
    case protocol::kErrorBadRequest.code:
    case protocol::kErrorNotAvailable.code: return 400;
    case protocol::kErrorUnrecoverablePosition.code: return 416;
    case protocol::kErrorConcurrentPagination.code: return 409;
    default: return 500;
  }
}

void AppendErrorObject(const ErrorCode& error, std::string& out) {
  JsonWriter json(out);
  json.BeginObject();
  json.Member("code", error.code);
  json.Member("message", error.message);
  json.EndObject();
}

}  // namespace tidemill::api
