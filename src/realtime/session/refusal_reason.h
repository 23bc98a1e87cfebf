// Why clients are refused: the kinds that are counted. A label of metrics and a field of the log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tidemill::session {

enum class RefusalReason : std::uint8_t {
  kOrigin,          // the page is not one of client.allowed_origins
  kToken,           // a token is missing, or is not good
  kExpired,         // it was good once
  kBlocked,         // the user is (API method block_user)
  kRevoked,         // the token is (revoke_token, invalidate_user_tokens)
  kPermission,      // the channel's options do not let this user
  kUnknownChannel,  // no such namespace, or a name that breaks the rules of names
  kNotAvailable,    // the feature is off
  kBadRequest,      // what breaks the protocol
  kLimit,           // of connections, channels
  kRate,            // of commands
  kSlow,            // it did not read
  kStale,           // it connected and said nothing
  kUnavailable,     // Redis, or the keys of tokens: the client may try again
};
inline constexpr std::size_t kRefusalReasons = static_cast<std::size_t>(RefusalReason::kUnavailable) + 1;

// The enumerator's name without the k, in snake_case.
constexpr std::string_view NameOf(RefusalReason reason) {
  constexpr std::string_view kNames[kRefusalReasons] = {
      "origin",        "token",       "expired", "blocked", "revoked", "permission", "unknown_channel",
      "not_available", "bad_request", "limit",   "rate",    "slow",    "stale",      "unavailable"};
  return kNames[static_cast<std::size_t>(reason)];
}

}  // namespace tidemill::session
