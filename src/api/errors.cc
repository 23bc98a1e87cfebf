#include "api/errors.h"

#include "base/json.h"
#include "base/log.h"
#include "realtime/broker/error_codes.h"

namespace tidemill::api {

ErrorCode CodeOfDirectory(std::string_view method, const Error& error) {
  const ErrorCode code = broker::CodeOf(error, broker::Surface::kService);
  if (code.code == protocol::kErrorInternal.code && error.code != Errc::kUnavailable) {
    log::Warn("api.command_failed",
              {{"method", method}, {"error", Name(error.code)}, {"why", std::string_view(error.detail)}});
  }
  return code;
}

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
