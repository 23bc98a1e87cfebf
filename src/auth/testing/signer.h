// For tests: fresh keys that sign tokens, and the forms in which their public half is configured.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "auth/algorithm.h"

namespace tidemill::auth::testing {

class Signer {
 public:
  // A new key for `algorithm`, one of RS, PS, ES or EdDSA.
  static Signer Generate(Algorithm algorithm, int rsa_bits = 2048);
  // The same key signing with another algorithm of its kind.
  Signer With(Algorithm algorithm) const;
  // The same with another length of the salt than the hash's, for PS.
  Signer WithSalt(int bytes) const;

  // The signature as it stands in a token: of ECDSA, r and s of fixed length.
  std::string Sign(std::string_view input) const;
  // A compact token with this header and payload, good for this key.
  std::string Token(std::string_view header, std::string_view payload) const;
  // The same with the header {"alg": …}, and "kid" when it is not empty.
  std::string Token(std::string_view payload) const;
  std::string TokenWithKid(std::string_view kid, std::string_view payload) const;

  std::string PublicPem() const;
  std::string PrivatePem() const;
  // {"kty": …, "kid": kid, …}; `more` is added as it is: R"(,"use":"enc")".
  std::string Jwk(std::string_view kid, std::string_view more = "") const;

 private:
  struct Key;
  Signer(std::shared_ptr<const Key> key, Algorithm algorithm) : key_(std::move(key)), algorithm_(algorithm) {}

  std::shared_ptr<const Key> key_;
  Algorithm algorithm_;
  int salt_bytes_ = -1;  // RSA_PSS_SALTLEN_DIGEST
};

// header.payload.signature of any bytes, each as base64url.
std::string Compact(std::string_view header, std::string_view payload, std::string_view signature);
// A token signed with an HMAC secret, with any header.
std::string HmacToken(std::string_view header, std::string_view payload, std::string_view secret);

}  // namespace tidemill::auth::testing
