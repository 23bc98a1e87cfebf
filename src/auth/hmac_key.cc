#include "auth/hmac_key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>

#include "base/assert.h"

namespace tidemill::auth {
namespace {

struct FreeMac {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeMac>;

constexpr std::array kAlgorithms = {Algorithm::kHs256, Algorithm::kHs384, Algorithm::kHs512};

// A context that holds the key's inner and outer state: starting a message from it hashes no key again.
MacContext Prepare(EVP_MAC* hmac, Algorithm algorithm, std::string_view secret) {
  MacContext context(EVP_MAC_CTX_new(hmac));
  TM_ASSERT(context != nullptr);
  std::string hash = HashOf(algorithm);
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash.data(), hash.size()),
      OSSL_PARAM_construct_end()};
  TM_ASSERT(EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(secret.data()), secret.size(),
                         params) == 1);
  return context;
}

class PreparedHmacKey final : public HmacKey {
 public:
  explicit PreparedHmacKey(std::string_view secret) {
    const std::unique_ptr<EVP_MAC, FreeMac> hmac(EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr));
    TM_ASSERT(hmac != nullptr);
    for (std::size_t i = 0; i < kAlgorithms.size(); ++i) {
      contexts_[i] = Prepare(hmac.get(), kAlgorithms[i], secret);
    }
  }

  bool Verify(Algorithm algorithm, std::string_view input, std::string_view signature) override {
    const Digest digest = Compute(algorithm, input);
    return signature.size() == digest.size &&
           CRYPTO_memcmp(signature.data(), digest.bytes.data(), digest.size) == 0;
  }

  std::string Sign(Algorithm algorithm, std::string_view input) override {
    const Digest digest = Compute(algorithm, input);
    return {reinterpret_cast<const char*>(digest.bytes.data()), digest.size};
  }

 private:
  struct Digest {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
    std::size_t size = 0;
  };

  Digest Compute(Algorithm algorithm, std::string_view input) {
    TM_ASSERT(KindOf(algorithm) == KeyKind::kHmac);
    EVP_MAC_CTX* context = contexts_[static_cast<std::size_t>(algorithm)].get();
    Digest digest;
    // Without a key: begins a new message with the one the context holds.
    const bool done =
        EVP_MAC_init(context, nullptr, 0, nullptr) == 1 &&
        EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(input.data()), input.size()) == 1 &&
        EVP_MAC_final(context, digest.bytes.data(), &digest.size, digest.bytes.size()) == 1;
    TM_ASSERT(done);
    return digest;
  }

  std::array<MacContext, kAlgorithms.size()> contexts_;  // by Algorithm: its first three are HMAC
};

}  // namespace

Result<std::unique_ptr<HmacKey>> MakeHmacKey(std::string_view secret) {
  if (secret.empty()) return Fail(Errc::kInvalidArgument, "an HMAC secret must not be empty");
  if (secret.contains("-----BEGIN")) {
    return Fail(Errc::kInvalidArgument, "an HMAC secret must not be a PEM block: a public key is no secret");
  }
  return std::make_unique<PreparedHmacKey>(secret);
}

}  // namespace tidemill::auth
