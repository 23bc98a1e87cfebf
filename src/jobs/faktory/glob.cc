#include "jobs/faktory/glob.h"

#include <cstddef>
#include <utility>

namespace tidemill::faktory {
namespace {

// How one byte is matched by the pattern's front.
struct Step {
  bool matches = false;
  std::size_t length = 1;  // of the pattern that was used
};

// A set without its bracket: [ is already taken. Redis lets one that has no end reach to the pattern's.
Step MatchSet(std::string_view set, unsigned char byte) {
  std::size_t i = 0;
  const bool negated = set.starts_with('^');
  if (negated) ++i;
  bool found = false;
  for (; i < set.size() && set[i] != ']'; ++i) {
    if (set[i] == '\\' && i + 1 < set.size()) {
      ++i;
      found = found || static_cast<unsigned char>(set[i]) == byte;
    } else if (i + 2 < set.size() && set[i + 1] == '-') {
      auto low = static_cast<unsigned char>(set[i]);
      auto high = static_cast<unsigned char>(set[i + 2]);
      if (low > high) std::swap(low, high);
      i += 2;
      found = found || (byte >= low && byte <= high);
    } else {
      found = found || static_cast<unsigned char>(set[i]) == byte;
    }
  }
  return {.matches = found != negated, .length = i < set.size() ? i + 1 : i};
}

Step MatchOne(std::string_view pattern, char c) {
  if (pattern[0] == '?') return {.matches = true};
  if (pattern[0] == '\\' && pattern.size() > 1) return {.matches = pattern[1] == c, .length = 2};
  if (pattern[0] != '[') return {.matches = pattern[0] == c};
  const Step set = MatchSet(pattern.substr(1), static_cast<unsigned char>(c));
  return {.matches = set.matches, .length = set.length + 1};
}

}  // namespace

// A later star needs no other choice of an earlier one, so only the last is tried again.
bool MatchesGlob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // behind the last *
  std::size_t star_text = 0;                  // where it ends now
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_text = t;
      continue;
    }
    if (p < pattern.size()) {
      const Step step = MatchOne(pattern.substr(p), text[t]);
      if (step.matches) {
        p += step.length;
        ++t;
        continue;
      }
    }
    if (star == std::string_view::npos) return false;
    p = star;
    t = ++star_text;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace tidemill::faktory
