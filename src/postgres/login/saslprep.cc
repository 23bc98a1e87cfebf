#include "postgres/login/saslprep.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>

#include "base/utf8.h"
#include "postgres/login/saslprep_tables.h"

namespace tidemill::postgres {
namespace {

bool Has(std::span<const CodePoints> table, char32_t code) {
  const auto after = std::ranges::upper_bound(table, code, {}, &CodePoints::first);
  return after != table.begin() && code <= std::prev(after)->last;
}

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::u32string Decode(std::string_view utf8) {
  std::u32string codes;
  while (!utf8.empty()) {
    utf8proc_int32_t code = 0;
    const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()),
                                        static_cast<utf8proc_ssize_t>(utf8.size()), &code);
    codes += static_cast<char32_t>(code);
    utf8.remove_prefix(static_cast<std::size_t>(bytes));
  }
  return codes;
}

// RFC 3454 section 3.
std::u32string Map(const std::u32string& codes) {
  std::u32string mapped;
  for (const char32_t code : codes) {
    if (Has(kMappedToSpace, code)) {
      mapped += U' ';
    } else if (!Has(kMappedToNothing, code)) {
      mapped += code;
    }
  }
  return mapped;
}

// RFC 3454 section 6.
bool IsBidirectional(const std::u32string& codes) {
  const auto is_right_to_left = [](char32_t code) { return Has(kRightToLeft, code); };
  if (std::ranges::none_of(codes, is_right_to_left)) return true;
  return is_right_to_left(codes.front()) && is_right_to_left(codes.back()) &&
         std::ranges::none_of(codes, [](char32_t code) { return Has(kLeftToRight, code); });
}

bool IsAllowed(const std::u32string& codes) {
  return !codes.empty() && IsBidirectional(codes) && std::ranges::none_of(codes, [](char32_t code) {
    return Has(kProhibited, code) || Has(kUnassigned, code);
  });
}

struct Free {
  void operator()(utf8proc_uint8_t* text) const { std::free(text); }
};

std::optional<std::string> Normalize(const std::u32string& codes) {
  std::string text;
  for (const char32_t code : codes) AppendUtf8(code, text);
  utf8proc_uint8_t* out = nullptr;
  const auto bytes = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
      &out, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT));
  const std::unique_ptr<utf8proc_uint8_t, Free> owner(out);
  if (bytes < 0) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(out), static_cast<std::size_t>(bytes));
}

}  // namespace

std::string SaslPrep(std::string_view password) {
  if (IsAscii(password) || !IsUtf8(password)) return std::string(password);
  const std::u32string mapped = Map(Decode(password));
  if (!IsAllowed(mapped)) return std::string(password);
  return Normalize(mapped).value_or(std::string(password));
}

}  // namespace tidemill::postgres
