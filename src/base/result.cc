#include "base/result.h"

namespace tidemill {

std::string_view Name(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument: return "invalid_argument";
    case Errc::kNotFound: return "not_found";
    case Errc::kAlreadyExists: return "already_exists";
    case Errc::kPermissionDenied: return "permission_denied";
    case Errc::kUnauthenticated: return "unauthenticated";
    case Errc::kExpired: return "expired";
    case Errc::kLimitExceeded: return "limit_exceeded";
    case Errc::kNotAvailable: return "not_available";
    case Errc::kUnrecoverablePosition: return "unrecoverable_position";
    case Errc::kUnavailable: return "unavailable";
    case Errc::kRefused: return "refused";
    case Errc::kTimeout: return "timeout";
    case Errc::kCancelled: return "cancelled";
    case Errc::kClosed: return "closed";
    case Errc::kInternal: return "internal";
  }
  return "unknown";
}

}  // namespace tidemill
