#include "auth/api_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/assert.h"

namespace tidemill::auth {
namespace {

std::array<std::uint8_t, 32> Sha256(std::string_view text) {
  std::array<std::uint8_t, 32> digest{};
  unsigned size = 0;
  TM_ASSERT(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  TM_ASSERT(size == digest.size());
  return digest;
}

}  // namespace

ApiKeys::ApiKeys(const std::vector<config::Secret>& keys) {
  for (const config::Secret& key : keys) {
    if (!key.empty()) digests_.push_back(Sha256(key.value));
  }
}

bool ApiKeys::Allows(std::string_view key) const {
  const std::array<std::uint8_t, 32> asked = Sha256(key);
  unsigned matches = 0;
  for (const auto& digest : digests_) {
    matches |= static_cast<unsigned>(CRYPTO_memcmp(asked.data(), digest.data(), digest.size()) == 0);
  }
  return matches != 0;
}

}  // namespace tidemill::auth
