#include "realtime/broker/error_codes.h"

namespace tidemill::broker {

protocol::ErrorCode CodeOf(const Error& error, Surface surface) {
  const bool service = surface == Surface::kService;
  switch (error.code) {
    case Errc::kLimitExceeded:
      return surface == Surface::kClient ? protocol::kErrorTooManyRequests : protocol::kErrorLimitExceeded;
    case Errc::kUnrecoverablePosition: return protocol::kErrorUnrecoverablePosition;
    case Errc::kUnavailable: return protocol::kErrorRedisAway;
    case Errc::kRefused: return protocol::kErrorRedisRefuses;
    case Errc::kInvalidArgument: return service ? protocol::kErrorBadRequest : protocol::kErrorInternal;
    case Errc::kNotAvailable: return service ? protocol::kErrorNotAvailable : protocol::kErrorInternal;
    case Errc::kPermissionDenied:
      return service ? protocol::kErrorPermissionDenied : protocol::kErrorInternal;
    default: return protocol::kErrorInternal;
  }
}

}  // namespace tidemill::broker
