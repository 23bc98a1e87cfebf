#include "realtime/polls/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/assert.h"
#include "base/hex.h"

namespace tidemill::polls {
namespace {

constexpr std::size_t kDigestBytes = 32;

std::string_view TextOf(const unsigned char* bytes) {
  return {reinterpret_cast<const char*>(bytes), kDigestBytes};
}

std::string HashOf(std::span<const std::string> keys) {
  std::string joined;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i > 0) joined += '\0';
    joined += keys[i];
  }
  std::array<unsigned char, kDigestBytes> digest;
  const int done = EVP_Digest(joined.data(), joined.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  TM_ASSERT(done == 1);
  return HexEncode(TextOf(digest.data()));
}

std::string MacOf(std::string_view secret, std::string_view iat, std::string_view exp, const Signed& what) {
  std::string text;
  for (const std::string_view field : {iat, exp, what.user, what.channel}) {
    text += field;
    text += '\0';
  }
  text += HashOf(what.keys);
  std::array<unsigned char, kDigestBytes> mac;
  const auto* const done =
      HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), nullptr);
  TM_ASSERT(done != nullptr);
  return std::string(TextOf(mac.data()));
}

std::optional<std::int64_t> Seconds(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool HasZeroByte(const Signed& what) {
  const auto has = [](std::string_view text) { return text.contains('\0'); };
  return has(what.user) || has(what.channel) || std::ranges::any_of(what.keys, has);
}

}  // namespace

std::expected<std::int64_t, SignatureFault> CheckSignature(const PollSettings& settings,
                                                           std::string_view signature, const Signed& what,
                                                           std::int64_t now) {
  constexpr auto kWrong = std::unexpected(SignatureFault::kWrong);
  const std::size_t first = signature.find(':');
  const std::size_t second = first == std::string_view::npos ? first : signature.find(':', first + 1);
  if (second == std::string_view::npos || HasZeroByte(what)) return kWrong;
  const std::string_view iat = signature.substr(0, first);
  const std::string_view exp = signature.substr(first + 1, second - first - 1);
  const auto issued_at = Seconds(iat);
  const auto expire_at = Seconds(exp);
  const auto mac = HexDecode(signature.substr(second + 1));
  if (!issued_at || !expire_at || !mac || mac->size() != kDigestBytes) return kWrong;
  const auto is_of = [&](const std::string& secret) {
    return !secret.empty() &&
           CRYPTO_memcmp(MacOf(secret, iat, exp, what).data(), mac->data(), kDigestBytes) == 0;
  };
  const std::int64_t until = settings.hmac_previous_secret_key_valid_until;
  const bool known = is_of(settings.hmac_secret_key.value) ||
                     ((until == 0 || *issued_at <= until) && is_of(settings.hmac_previous_secret_key.value));
  if (!known) return kWrong;
  if (*expire_at != 0 && now > *expire_at && now - *expire_at > kGraceSeconds) {
    return std::unexpected(SignatureFault::kExpired);
  }
  return *expire_at;
}

std::string Sign(std::string_view secret, std::int64_t iat, std::int64_t exp, const Signed& what) {
  const std::string issued = std::to_string(iat);
  const std::string expires = std::to_string(exp);
  return issued + ':' + expires + ':' + HexEncode(MacOf(secret, issued, expires, what));
}

}  // namespace tidemill::polls
