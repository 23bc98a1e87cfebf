#include "jobs/job_api/failures.h"

#include "base/log.h"

namespace tidemill::jobs {

api::Failure FailureOf(const Error& error) {
  switch (error.code) {
    case Errc::kInvalidArgument: return {protocol::kErrorBadRequest, error.detail};
    case Errc::kPermissionDenied: return {protocol::kErrorPermissionDenied, error.detail};
    case Errc::kNotFound: return {api::kErrorNotFound, error.detail};
    case Errc::kAlreadyExists: return {api::kErrorAlreadyExists, error.detail};
    case Errc::kLimitExceeded: return {protocol::kErrorLimitExceeded, error.detail};
    case Errc::kExpired: return {protocol::kErrorExpired, error.detail};
    case Errc::kNotAvailable:
    case Errc::kUnavailable:
    case Errc::kRefused:
    case Errc::kTimeout:
    case Errc::kClosed: return {api::kErrorUnavailable, error.detail};
    default: break;
  }
  log::Warn("jobs.request_failed", {{"error", Name(error.code)}, {"why", std::string_view(error.detail)}});
  return protocol::kErrorInternal;
}

}  // namespace tidemill::jobs
