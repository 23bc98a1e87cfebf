#include "realtime/protocol/codes.h"

namespace tidemill::protocol {
namespace {

constexpr ErrorCode kErrors[] = {
    kErrorInternal,
    kErrorUnauthorized,
    kErrorUnknownChannel,
    kErrorPermissionDenied,
    kErrorMethodNotFound,
    kErrorAlreadySubscribed,
    kErrorLimitExceeded,
    kErrorBadRequest,
    kErrorNotAvailable,
    kErrorTokenExpired,
    kErrorExpired,
    kErrorTooManyRequests,
    kErrorUnrecoverablePosition,
    kErrorConcurrentPagination,
};

constexpr DisconnectCode kDisconnects[] = {
    kDisconnectConnectionClosed,
    kDisconnectShutdown,
    kDisconnectServerError,
    kDisconnectExpired,
    kDisconnectSubExpired,
    kDisconnectSlow,
    kDisconnectWriteError,
    kDisconnectInsufficientState,
    kDisconnectForceReconnect,
    kDisconnectNoPong,
    kDisconnectTooManyRequests,
    kDisconnectStateInvalidated,
    kDisconnectInvalidToken,
    kDisconnectBadRequest,
    kDisconnectStale,
    kDisconnectForceNoReconnect,
    kDisconnectConnectionLimit,
    kDisconnectChannelLimit,
    kDisconnectInappropriateProtocol,
    kDisconnectPermissionDenied,
    kDisconnectNotAvailable,
    kDisconnectTooManyErrors,
};

constexpr UnsubscribeCode kUnsubscribes[] = {
    kUnsubscribeServer,
    kUnsubscribeInsufficientState,
    kUnsubscribeExpired,
    kUnsubscribeStateInvalidated,
};

}  // namespace

std::span<const ErrorCode> AllErrorCodes() { return kErrors; }
std::span<const DisconnectCode> AllDisconnectCodes() { return kDisconnects; }
std::span<const UnsubscribeCode> AllUnsubscribeCodes() { return kUnsubscribes; }

}  // namespace tidemill::protocol
