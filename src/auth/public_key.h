// Public keys that verify signatures. Each knows the algorithms it may be used for; what a token's header
// names is only compared with that (RFC 8725 section 3.1), so a public key is never taken for an HMAC secret.
//
// No I/O. Values from configuration and key sets are checked once, here. Immutable; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/algorithm.h"
#include "base/result.h"

namespace tidemill::auth {

// An RSA, ECDSA or Ed25519 public key. Immutable; any thread.
class PublicKey {
 public:
  virtual ~PublicKey() = default;
  // Its kind, its curve and, for a key of a set, what its "alg" allows.
  virtual bool Fits(Algorithm algorithm) const = 0;
  // Whether `signature` is good for `input`. Only for algorithms that fit. ECDSA's is r and s of fixed
  // length, not DER (RFC 7518 section 3.4).
  virtual bool Verify(Algorithm algorithm, std::string_view input, std::string_view signature) const = 0;
};

using PublicKeyPtr = std::shared_ptr<const PublicKey>;

// All of these give kInvalidArgument for what cannot be used: RSA below 2048 or above 8192 bits or with an
// exponent that is even or 1, curves other than P-256, P-384 and P-521, points that are not on the curve.
// `only` narrows the key to one algorithm; kInvalidArgument if it does not fit.

// One "BEGIN PUBLIC KEY" block holding a key of `kind`.
Result<PublicKeyPtr> ParsePublicKeyPem(std::string_view pem, KeyKind kind);
// Big-endian numbers.
Result<PublicKeyPtr> MakeRsaKey(std::string_view modulus, std::string_view exponent,
                                std::optional<Algorithm> only);
// `curve` as in a JWK: "P-256", "P-384", "P-521"; x and y of exactly the curve's length.
Result<PublicKeyPtr> MakeEcdsaKey(std::string_view curve, std::string_view x, std::string_view y,
                                  std::optional<Algorithm> only);
Result<PublicKeyPtr> MakeEd25519Key(std::string_view x, std::optional<Algorithm> only);

}  // namespace tidemill::auth
