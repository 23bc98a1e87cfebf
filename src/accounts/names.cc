#include "accounts/names.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/ascii.h"
#include "base/utf8.h"

namespace tidemill::accounts {
namespace {

// What lists of stolen passwords begin with, as far as it is long enough to be taken.
constexpr std::array<std::string_view, 40> kCommon = {
    "password",      "12345678",    "123456789", "1234567890", "qwertyui", "qwertyuiop", "password1",
    "password12",    "password123", "passw0rd",  "iloveyou",   "sunshine", "princess",   "football",
    "baseball",      "welcome1",    "abcd1234",  "abc12345",   "1q2w3e4r", "1q2w3e4r5t", "qwerty123",
    "qwerty12",      "11111111",    "00000000",  "88888888",   "12341234", "87654321",   "987654321",
    "superman",      "trustno1",    "starwars",  "computer",   "whatever", "letmein1",   "changeme",
    "administrator", "asdfghjk",    "asdfghjkl", "zxcvbnm1",   "tidemill"};

bool IsUsernameByte(char c) {
  return (c >= 'a' && c <= 'z') || IsDigit(c) || c == '.' || c == '_' || c == '-';
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Of a well-formed sequence of `length` bytes.
char32_t CodePoint(std::string_view sequence) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(sequence[i]));
  };
  switch (sequence.size()) {
    case 1: return byte(0);
    case 2: return (byte(0) & 0x1f) << 6 | (byte(1) & 0x3f);
    case 3: return (byte(0) & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    default:
      return (byte(0) & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
  }
}

// Control characters, marks that turn the direction of text, characters that nobody sees, and those that are
// no text (Unicode's Cc, Bidi_Control, tags, noncharacters). The joiners U+200C and U+200D stay: scripts and
// emoji need them.
bool ChangesTextAround(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x61c || c == 0x180e || c == 0x200b ||
         c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
         c == 0x3164 || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe ||
         (c >= 0xe0000 && c <= 0xe0fff);
}

bool IsBlankCharacter(char32_t c) {
  return c == ' ' || c == 0xa0 || (c >= 0x2000 && c <= 0x200a) || c == 0x3000;
}

}  // namespace

std::string NormalisedUsername(std::string_view text) { return ToLower(Trimmed(text)); }
std::string NormalisedName(std::string_view text) { return std::string(Trimmed(text)); }

std::optional<std::string> WhyNotUsername(std::string_view username) {
  if (username.size() < 2 || username.size() > kUsernameBytesMax) {
    return "a user name has 2 to 32 characters";
  }
  if (!std::ranges::all_of(username, IsUsernameByte)) {
    return "a user name has letters a to z, digits, \".\", \"_\" and \"-\" only";
  }
  if (!IsLetter(username.front()) && !IsDigit(username.front())) {
    return "a user name begins with a letter or a digit";
  }
  return std::nullopt;
}

std::optional<std::string> WhyNotName(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax) return "a name has 1 to 128 bytes";
  bool visible = false;
  for (std::string_view rest = name; !rest.empty();) {
    const std::size_t length = Utf8SequenceLength(rest);
    if (length == 0) return "a name is UTF-8";
    const char32_t c = CodePoint(rest.substr(0, length));
    if (ChangesTextAround(c)) return "a name has no control characters and no invisible ones";
    visible = visible || (!IsBlankCharacter(c) && c != 0x200c && c != 0x200d);
    rest.remove_prefix(length);
  }
  if (!visible) return "a name has something to see";
  return std::nullopt;
}

std::optional<std::string> WhyNotEmail(std::string_view email) {
  if (email.empty()) return std::nullopt;
  constexpr char kNone[] = "this is no address of mail; write it like ada@example.com";
  const std::size_t at = email.rfind('@');
  if (email.size() > kEmailBytesMax || at == 0 || at == std::string_view::npos) return kNone;
  const std::string_view domain = email.substr(at + 1);
  const auto is_plain = [](char c) {
    return c > ' ' && c < 0x7f && c != '<' && c != '>' && c != '"' && c != ',';
  };
  if (!std::ranges::all_of(email, is_plain) || email.substr(0, at).contains('@')) return kNone;
  const auto is_domain = [](char c) { return IsLetter(c) || IsDigit(c) || c == '.' || c == '-'; };
  if (domain.empty() || !std::ranges::all_of(domain, is_domain) || domain.front() == '.' ||
      domain.back() == '.') {
    return kNone;
  }
  return std::nullopt;
}

std::optional<std::string> WhyNotPassword(std::string_view password, std::string_view username) {
  if (!IsUtf8(password)) return "a password is UTF-8";
  const auto characters = std::ranges::count_if(password, [](char c) { return !IsUtf8Continuation(c); });
  if (static_cast<std::size_t>(characters) < kPasswordCharactersMin) {
    return "a password has at least 8 characters";
  }
  if (password.size() > kPasswordBytesMax) return "a password has at most 256 bytes";
  const std::string lower = ToLower(password);
  if (std::ranges::find(kCommon, lower) != kCommon.end() || lower == username) {
    return "this password is one of the first that anybody tries; choose another";
  }
  return std::nullopt;
}

}  // namespace tidemill::accounts
