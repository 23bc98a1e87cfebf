#include "queries/live/key_value.h"

#include <string_view>
#include <variant>

#include "base/ascii.h"

namespace tidemill::queries::live {
namespace {

// PostgreSQL takes braces, capitals, and dashes behind any four digits, and writes none of them but its own.
std::optional<std::string> UuidOf(std::string_view text) {
  std::string digits;
  for (const char c : ToLower(text)) {
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (digit) digits += c;
    if (!digit && c != '-' && c != '{' && c != '}') return std::nullopt;
  }
  if (digits.size() != 32) return std::nullopt;
  for (const std::size_t at : {20u, 16u, 12u, 8u}) digits.insert(at, 1, '-');
  return digits;
}

}  // namespace

std::optional<std::string> KeyValueOf(LiveKey::Kind kind, const sql::Parameter& parameter) {
  if (const auto* const integer = std::get_if<std::int64_t>(&parameter)) {
    return kind == LiveKey::Kind::kInteger ? std::optional(std::to_string(*integer)) : std::nullopt;
  }
  const auto* const text = std::get_if<std::string>(&parameter);
  if (text == nullptr || kind == LiveKey::Kind::kInteger) return std::nullopt;
  if (kind == LiveKey::Kind::kUuid) return UuidOf(*text);
  return text->size() <= kKeyValueBytesMax ? std::optional(*text) : std::nullopt;
}

}  // namespace tidemill::queries::live
