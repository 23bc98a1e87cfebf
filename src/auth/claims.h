// The claims of a token: its payload as values. Types are checked here; signature, time and audience in
// token.cc.
//
// Names of claims: RFC 7519 section 4.1 and the Centrifuge connection and subscription tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/token.h"
#include "base/result.h"

namespace tidemill::auth {

// The end of the year 9999. Times are clamped to it and its negative, so that sums and milliseconds never
// overflow.
inline constexpr std::int64_t kSecondsMax = 253'402'300'799;

struct Claims {
  std::string user;                 // "sub", or the claim that the settings name; "" anonymous
  std::optional<std::int64_t> exp;  // seconds since the Unix epoch; fractions are cut towards the past
  std::optional<std::int64_t> nbf;  // the same, towards the future
  std::optional<std::int64_t> expire_at;
  std::vector<std::string> audience;  // "aud", one or many
  std::string issuer;                 // "iss"
  std::string channel;
  std::string client;
  std::string info;  // raw JSON, or what "b64info" holds
  std::string data;  // the same
  std::string meta;  // raw JSON
  OptionOverrides overrides;
  std::string tags_filter;  // "server_tags_filter", raw JSON
  TokenMark mark;           // "jti", a string or any other JSON as it is written; "iat"
  std::vector<std::string> channels;
  std::map<std::string, TokenSubscription> subs;
};

enum class TokenKind : std::uint8_t { kConnect, kSubscribe };

// Reads what a token of this kind may have and skips everything else. null is the same as absent.
// `user_claim`: where the user is, "" is "sub"; a string or an integer.
// kUnauthenticated: not a JSON object, a claim of the wrong type, a duplicate claim, bad base64.
Result<Claims> ParseClaims(std::string_view payload, TokenKind kind, std::string_view user_claim);

// Whether `name` is a claim with a meaning of its own, so that it cannot hold the user. "sub" can.
bool IsReservedClaim(std::string_view name);

}  // namespace tidemill::auth
