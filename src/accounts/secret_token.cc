#include "accounts/secret_token.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/hex.h"
#include "base/random.h"

namespace tidemill::accounts {
namespace {

constexpr std::size_t kTokenCharacters = 43;
constexpr std::size_t kIdBytesMax = 64;

template <std::size_t N>
std::string RandomText() {
  std::array<std::byte, N> bytes{};
  FillRandom(bytes);
  return Base64Encode({reinterpret_cast<const char*>(bytes.data()), N}, Base64::kUrl);
}

bool IsBase64UrlByte(char c) { return IsLetter(c) || IsDigit(c) || c == '-' || c == '_'; }

}  // namespace

std::string MakeSecretToken() { return RandomText<32>(); }
std::string MakeId() { return RandomText<16>(); }

bool MayBeId(std::string_view text) {
  return !text.empty() && text.size() <= kIdBytesMax && std::ranges::all_of(text, IsBase64UrlByte);
}

std::string HashOfToken(std::string_view token) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return HexEncode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

bool MayBeSecretToken(std::string_view text) {
  return text.size() == kTokenCharacters && std::ranges::all_of(text, IsBase64UrlByte);
}

}  // namespace tidemill::accounts
