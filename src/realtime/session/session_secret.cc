#include "realtime/session/session_secret.h"

#include <cstring>
#include <string>

#include "base/hex.h"

namespace tidemill::session {

Uuid MakeSessionSecret(std::size_t loop_index) {
  Uuid secret = Uuid::Random();
  secret.bytes[0] = static_cast<std::uint8_t>(loop_index >> 8);
  secret.bytes[1] = static_cast<std::uint8_t>(loop_index);
  return secret;
}

std::optional<Uuid> ParseSessionSecret(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '-');
  const auto bytes = HexDecode(digits);
  Uuid secret;
  if (!bytes || bytes->size() != secret.bytes.size()) return std::nullopt;
  std::memcpy(secret.bytes.data(), bytes->data(), bytes->size());
  if (secret.ToString() != text) return std::nullopt;
  return secret;
}

std::size_t LoopIndexOf(const Uuid& secret) {
  return static_cast<std::size_t>(secret.bytes[0]) << 8 | secret.bytes[1];
}

}  // namespace tidemill::session
