#include "http/grammar.h"

#include <algorithm>

#include "base/ascii.h"

namespace tidemill::http {

bool IsFieldValue(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

bool ListsToken(std::string_view list, std::string_view token) {
  for (;;) {
    const std::size_t comma = list.find(',');
    if (EqualIgnoringCase(TrimBlanks(list.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

namespace {

// Without the zeros in front, which mean nothing in either grammar (1*DIGIT, 1*HEXDIG).
std::string_view SignificantDigits(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of('0'), text.size()));
}

}  // namespace

std::optional<std::size_t> ParseDecimal(std::string_view text) {
  if (text.empty()) return std::nullopt;
  text = SignificantDigits(text);
  if (text.size() > 19) return std::nullopt;
  std::size_t value = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return std::nullopt;
    value = value * 10 + static_cast<std::size_t>(c - '0');
  }
  return value;
}

std::optional<std::size_t> ParseHex(std::string_view text) {
  if (text.empty()) return std::nullopt;
  text = SignificantDigits(text);
  if (text.size() > 15) return std::nullopt;
  std::size_t value = 0;
  for (const char c : text) {
    const int digit = HexValue(c);
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<std::size_t>(digit);
  }
  return value;
}

}  // namespace tidemill::http
