// Every code a client can see, in one table each: what the number is, the text, and what a client does.
// Source: the Centrifuge client protocol, version 2.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tidemill::protocol {

// In Reply.error.
struct ErrorCode {
  std::uint32_t code = 0;
  std::string_view message;
  bool temporary = false;  // the client may try again
  friend bool operator==(const ErrorCode&, const ErrorCode&) = default;
};

inline constexpr ErrorCode kErrorInternal{100, "internal server error", true};
// To a client the same as the one above, with a text that says whom to look at.
inline constexpr ErrorCode kErrorRedisAway{100, "Redis is away", true};
inline constexpr ErrorCode kErrorRedisRefuses{100, "Redis refuses", true};
inline constexpr ErrorCode kErrorTokenKeysAway{100, "the keys of tokens are away", true};
inline constexpr ErrorCode kErrorUnauthorized{101, "unauthorized"};
inline constexpr ErrorCode kErrorUnknownChannel{102, "unknown channel"};
inline constexpr ErrorCode kErrorPermissionDenied{103, "permission denied"};
inline constexpr ErrorCode kErrorMethodNotFound{104, "method not found"};
inline constexpr ErrorCode kErrorAlreadySubscribed{105, "already subscribed"};
inline constexpr ErrorCode kErrorLimitExceeded{106, "limit exceeded"};
inline constexpr ErrorCode kErrorMapFull{106, "limit exceeded: the map is full"};
inline constexpr ErrorCode kErrorBadRequest{107, "bad request"};
inline constexpr ErrorCode kErrorNotAvailable{108, "not available"};
inline constexpr ErrorCode kErrorTokenExpired{109, "token expired"};
inline constexpr ErrorCode kErrorExpired{110, "expired"};
inline constexpr ErrorCode kErrorTooManyRequests{111, "too many requests", true};
inline constexpr ErrorCode kErrorUnrecoverablePosition{112, "unrecoverable position"};
inline constexpr ErrorCode kErrorConcurrentPagination{113, "concurrent pagination", true};

// Why the server ends a connection: the WebSocket close code and reason. 3500–3999 and 4500–4999 tell the
// client not to come back; all others to reconnect.
struct DisconnectCode {
  std::uint32_t code = 0;
  std::string_view reason;  // never empty on the wire; at most 123 bytes
  friend bool operator==(const DisconnectCode&, const DisconnectCode&) = default;
};

inline constexpr DisconnectCode kDisconnectConnectionClosed{3000, "connection closed"};
inline constexpr DisconnectCode kDisconnectShutdown{3001, "shutdown"};
inline constexpr DisconnectCode kDisconnectServerError{3004, "internal server error"};
inline constexpr DisconnectCode kDisconnectExpired{3005, "connection expired"};
inline constexpr DisconnectCode kDisconnectSubExpired{3006, "subscription expired"};
inline constexpr DisconnectCode kDisconnectSlow{3008, "slow"};
inline constexpr DisconnectCode kDisconnectWriteError{3009, "write error"};
inline constexpr DisconnectCode kDisconnectInsufficientState{3010, "insufficient state"};
inline constexpr DisconnectCode kDisconnectForceReconnect{3011, "force reconnect"};
inline constexpr DisconnectCode kDisconnectNoPong{3012, "no pong"};
inline constexpr DisconnectCode kDisconnectTooManyRequests{3013, "too many requests"};
inline constexpr DisconnectCode kDisconnectStateInvalidated{3014, "state invalidated"};
inline constexpr DisconnectCode kDisconnectInvalidToken{3500, "invalid token"};
inline constexpr DisconnectCode kDisconnectBadRequest{3501, "bad request"};
inline constexpr DisconnectCode kDisconnectStale{3502, "stale"};
inline constexpr DisconnectCode kDisconnectForceNoReconnect{3503, "force disconnect"};
inline constexpr DisconnectCode kDisconnectConnectionLimit{3504, "connection limit"};
inline constexpr DisconnectCode kDisconnectChannelLimit{3505, "channel limit"};
inline constexpr DisconnectCode kDisconnectInappropriateProtocol{3506, "inappropriate protocol"};
inline constexpr DisconnectCode kDisconnectPermissionDenied{3507, "permission denied"};
inline constexpr DisconnectCode kDisconnectNotAvailable{3508, "not available"};
inline constexpr DisconnectCode kDisconnectTooManyErrors{3509, "too many errors"};

// The reason where whoever ends a connection gives none. Official clients judge the code, whether to come
// back, only where there is a reason.
inline constexpr std::string_view kDefaultDisconnectReason = kDisconnectForceNoReconnect.reason;

// Why the server ends one subscription. Below 2500 for good; from 2500 on the client resubscribes.
struct UnsubscribeCode {
  std::uint32_t code = 0;
  std::string_view reason;
  friend bool operator==(const UnsubscribeCode&, const UnsubscribeCode&) = default;
};

inline constexpr UnsubscribeCode kUnsubscribeServer{2000, "server unsubscribe"};
inline constexpr UnsubscribeCode kUnsubscribeInsufficientState{2500, "insufficient state"};
inline constexpr UnsubscribeCode kUnsubscribeExpired{2501, "subscription expired"};
inline constexpr UnsubscribeCode kUnsubscribeStateInvalidated{2502, "state invalidated"};

// All of them, for documentation, metrics and tests.
std::span<const ErrorCode> AllErrorCodes();
std::span<const DisconnectCode> AllDisconnectCodes();
std::span<const UnsubscribeCode> AllUnsubscribeCodes();

}  // namespace tidemill::protocol
