#include "jobs/webhooks/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "base/base64.h"

namespace tidemill::webhooks {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kKeyBytesMin = 24;
constexpr std::size_t kKeyBytesMax = 64;

std::string HmacSha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int bytes = 0;
  const auto* const data = reinterpret_cast<const unsigned char*>(text.data());
  TM_ASSERT(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data, text.size(), digest.data(),
                 &bytes) != nullptr);
  return {reinterpret_cast<const char*>(digest.data()), bytes};
}

}  // namespace

Result<std::string> ParseSecret(std::string_view text) {
  if (!text.starts_with(kPrefix)) {
    return Fail(Errc::kInvalidArgument, "a secret is \"whsec_\" and 24 to 64 bytes in base64");
  }
  std::optional<std::string> key = Base64Decode(text.substr(kPrefix.size()), Base64::kStandard);
  if (!key) return Fail(Errc::kInvalidArgument, "what follows \"whsec_\" is not base64 with its padding");
  if (key->size() < kKeyBytesMin || key->size() > kKeyBytesMax) {
    return Fail(Errc::kInvalidArgument,
                "it has " + std::to_string(key->size()) + " bytes, and 24 to 64 are accepted");
  }
  return *std::move(key);
}

std::string SignatureOf(const Signed& request, std::span<const std::string> keys) {
  std::string text(request.id);
  text.append(".").append(std::to_string(request.at.ms / 1000)).append(".").append(request.body);
  std::string header;
  for (const std::string& key : keys) {
    if (!header.empty()) header += ' ';
    header.append("v1,").append(Base64Encode(HmacSha256(key, text), Base64::kStandard));
  }
  return header;
}

}  // namespace tidemill::webhooks
