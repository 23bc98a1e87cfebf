#include "base/base64.h"

#include <array>

namespace tidemill {
namespace {

constexpr std::string_view kStandardLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

using Values = std::array<std::int8_t, 256>;

constexpr Values ValuesOf(std::string_view letters) {
  Values values{};
  values.fill(-1);
  for (std::size_t i = 0; i < letters.size(); ++i) {
    values[static_cast<unsigned char>(letters[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}

constexpr Values kStandardValues = ValuesOf(kStandardLetters);
constexpr Values kUrlValues = ValuesOf(kUrlLetters);

}  // namespace

std::string Base64Encode(std::string_view bytes, Base64 form) {
  const std::string_view letters = form == Base64::kUrl ? kUrlLetters : kStandardLetters;
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  unsigned count = 0;  // bits not yet written
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) text += letters[(bits >> (count - 6)) & 63];
  }
  if (count > 0) text += letters[(bits << (6 - count)) & 63];
  if (form == Base64::kStandard) text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::optional<std::string> Base64Decode(std::string_view text, Base64 form) {
  if (form == Base64::kStandard) {
    if (text.size() % 4 != 0) return std::nullopt;
    if (text.ends_with("==")) {
      text.remove_suffix(2);
    } else if (text.ends_with('=')) {
      text.remove_suffix(1);
    }
  }
  // One letter alone carries six bits: no byte. Padding that was too long leaves such a rest.
  if (text.size() % 4 == 1) return std::nullopt;

  const Values& values = form == Base64::kUrl ? kUrlValues : kStandardValues;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::int8_t value = values[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xff);
    }
  }
  if ((bits & ((1u << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace tidemill
