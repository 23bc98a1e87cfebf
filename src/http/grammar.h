// What field values and numbers are made of, by RFC 9110 and 9112; shared by the request and the response
// parser. Tokens and letters: base/ascii.h.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace tidemill::http {

// RFC 9110 section 5.5: visible bytes, blanks and tabs, and bytes over 0x7f.
bool IsFieldValue(std::string_view text);
// Whether a comma-separated list holds `token` (case does not matter).
bool ListsToken(std::string_view list, std::string_view token);
// Decimal digits and nothing else, at most 19 after leading zeros.
std::optional<std::size_t> ParseDecimal(std::string_view text);
// Hex digits and nothing else, at most 15 after leading zeros: a chunk's size.
std::optional<std::size_t> ParseHex(std::string_view text);

}  // namespace tidemill::http
