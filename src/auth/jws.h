// The compact form of a signed token (RFC 7515 section 3.1): three parts of base64url with dots between.
//
// Knows the form and the header, not the claims and no keys. Bytes in, values out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "auth/algorithm.h"
#include "base/result.h"

namespace tidemill::auth {

inline constexpr std::size_t kTokenBytesMax = 16 * 1024;
inline constexpr std::size_t kKeyIdBytesMax = 256;

struct Jws {
  std::optional<Algorithm> algorithm;  // the header's "alg", if it is one of ours
  std::string key_id;                  // its "kid", at most kKeyIdBytesMax bytes; "" when absent
  std::string_view signing_input;      // into the token
  std::string payload;                 // decoded
  std::string signature;               // decoded
};

// kUnauthenticated: longer than kTokenBytesMax; not three parts; base64url that is not canonical; a header
// that is no JSON object, has a key twice, no string "alg", a "kid" that is no string or too long, "crit", or
// a "b64" other than true. Everything else in the header (typ, jku, jwk, x5u, x5c …) is ignored.
Result<Jws> ParseJws(std::string_view token);

}  // namespace tidemill::auth
