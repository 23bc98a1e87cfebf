#include "realtime/broker/glob.h"

#include <cstddef>
#include <string>

namespace tidemill::broker {
namespace {

constexpr std::size_t kPatternBytesMax = 1024;

// One element of a pattern other than '*': how long it is, and whether `byte` fits it.
struct Element {
  std::size_t length = 0;  // 0: malformed
  bool matches = false;
};

Element MatchSet(std::string_view pattern, char byte) {
  std::size_t i = 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  const std::size_t first = i;
  bool inside = false;
  for (; i < pattern.size() && (pattern[i] != ']' || i == first); ++i) {
    if (pattern[i] == '\\') ++i;
    if (i >= pattern.size()) return {};
    const char low = pattern[i];
    char high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = pattern[i + 2];
      i += 2;
    }
    inside = inside || (low <= byte && byte <= high);
  }
  if (i >= pattern.size()) return {};
  return {.length = i + 1, .matches = inside != negated};
}

Element MatchElement(std::string_view pattern, char byte) {
  switch (pattern.front()) {
    case '?': return {.length = 1, .matches = true};
    case '[': return MatchSet(pattern, byte);
    case '\\':
      if (pattern.size() < 2) return {};
      return {.length = 2, .matches = pattern[1] == byte};
    default: return {.length = 1, .matches = pattern.front() == byte};
  }
}

}  // namespace

Result<void> CheckGlob(std::string_view pattern) {
  if (pattern.size() > kPatternBytesMax) return Fail(Errc::kInvalidArgument, "pattern is over 1024 bytes");
  while (!pattern.empty()) {
    const std::size_t length = pattern.front() == '*' ? 1 : MatchElement(pattern, '\0').length;
    if (length == 0) return Fail(Errc::kInvalidArgument, "pattern has an unfinished '[' or '\\'");
    pattern.remove_prefix(length);
  }
  return {};
}

bool MatchesGlob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  // Where to go on after a mismatch: the last '*' takes one byte more. Earlier ones need no second try.
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_text = t;
      continue;
    }
    const Element element = p < pattern.size() ? MatchElement(pattern.substr(p), text[t]) : Element{};
    if (element.length > 0 && element.matches) {
      p += element.length;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace tidemill::broker
