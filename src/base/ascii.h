// ASCII letters, digits and tokens, without locale: what the text protocols are made of. Bytes over 0x7f are
// neither letters nor digits.
#pragma once

#include <string>
#include <string_view>

namespace tidemill {

constexpr char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsLetter(char c) { return ToLower(c) >= 'a' && ToLower(c) <= 'z'; }
constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// 0 to 15; -1 for what is no hexadecimal digit, of either case.
constexpr int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = ToLower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// A byte of a token: RFC 9110 section 5.6.2.
constexpr bool IsTokenByte(char c) {
  return IsLetter(c) || IsDigit(c) || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").contains(c));
}
// One token byte or more.
bool IsToken(std::string_view text);

std::string ToLower(std::string_view text);
bool EqualIgnoringCase(std::string_view a, std::string_view b);
// Without blanks and tabs around it.
std::string_view TrimBlanks(std::string_view text);

}  // namespace tidemill
