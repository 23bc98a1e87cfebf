// The signature algorithms of JSON Web Tokens that this server knows (RFC 7518 section 3, RFC 8037).
//
// "none" is not one of them, so nothing can select it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tidemill::auth {

enum class Algorithm : std::uint8_t {
  kHs256,
  kHs384,
  kHs512,
  kRs256,
  kRs384,
  kRs512,
  kPs256,
  kPs384,
  kPs512,
  kEs256,
  kEs384,
  kEs512,
  kEdDsa,
};

enum class KeyKind : std::uint8_t { kHmac, kRsa, kEcdsa, kEd25519 };

// The algorithm of this exact name (case counts); nullopt: not one of ours.
std::optional<Algorithm> AlgorithmNamed(std::string_view name);
// The name a token's header gives it: "HS256".
std::string_view Name(Algorithm algorithm);
// The kind of key it needs.
KeyKind KindOf(Algorithm algorithm);
// Whether an RSA signature has PSS padding, with a salt as long as the hash (RFC 7518 section 3.5).
bool IsPss(Algorithm algorithm);
// OpenSSL's name of its hash; "" for EdDSA, which hashes by itself.
const char* HashOf(Algorithm algorithm);

}  // namespace tidemill::auth
