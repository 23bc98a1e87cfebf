// HMAC secrets that sign and verify tokens (RFC 7518 section 3.2).
//
// No I/O. Loop thread only: a key holds OpenSSL contexts.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "auth/algorithm.h"
#include "base/result.h"

namespace tidemill::auth {

// A secret for HS256, HS384 and HS512, with the keyed state of each prepared.
class HmacKey {
 public:
  virtual ~HmacKey() = default;
  // Compares in constant time. Only for HS algorithms.
  virtual bool Verify(Algorithm algorithm, std::string_view input, std::string_view signature) = 0;
  virtual std::string Sign(Algorithm algorithm, std::string_view input) = 0;
};

// kInvalidArgument: empty, or it contains a PEM block: with a public key as the secret, anyone who knows that
// key could sign tokens.
Result<std::unique_ptr<HmacKey>> MakeHmacKey(std::string_view secret);

}  // namespace tidemill::auth
