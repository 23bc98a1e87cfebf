#include "queries/idempotency/key.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/ascii.h"
#include "base/hex.h"

namespace tidemill::queries {
namespace {

constexpr std::size_t kKeyBytesMax = 255;

// SHA-256 of the parts, each with its length.
std::string DigestOf(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) {
    text += std::to_string(part.size());
    text += ':';
    text += part;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int bytes = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &bytes, EVP_sha256(), nullptr);
  return HexEncode({reinterpret_cast<const char*>(digest.data()), bytes});
}

// What stands between the quotes; a backslash stands before a quote or a backslash.
Result<std::string> Unquoted(std::string_view text) {
  std::string key;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      if (i + 1 == text.size()) return key;
      return Fail(Errc::kInvalidArgument, "Idempotency-Key: nothing may follow its closing quote");
    }
    if (text[i] == '\\') {
      ++i;
      if (i == text.size() || (text[i] != '"' && text[i] != '\\')) {
        return Fail(Errc::kInvalidArgument,
                    "Idempotency-Key: a backslash stands before a quote or a backslash");
      }
    }
    key += text[i];
  }
  return Fail(Errc::kInvalidArgument, "Idempotency-Key: its closing quote is missing");
}

}  // namespace

WriteIdentity MakeWriteIdentity(const WriteParts& parts) {
  return {.id = DigestOf({parts.endpoint, parts.caller, parts.key}),
          .fingerprint = DigestOf({parts.target, parts.content_type, parts.body})};
}

Result<std::string> ReadIdempotencyKey(std::string_view header) {
  const std::string_view text = TrimBlanks(header);
  Result<std::string> key = text.starts_with('"') ? Unquoted(text) : std::string(text);
  if (!key) return key;
  if (key->empty() || key->size() > kKeyBytesMax) {
    return Fail(Errc::kInvalidArgument, "Idempotency-Key: 1 to 255 characters, for example a UUID");
  }
  if (!std::ranges::all_of(*key, [](char c) { return c > ' ' && c <= '~'; })) {
    return Fail(Errc::kInvalidArgument, "Idempotency-Key: visible ASCII characters only, without blanks");
  }
  return key;
}

}  // namespace tidemill::queries
