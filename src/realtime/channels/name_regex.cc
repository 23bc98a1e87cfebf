#include "realtime/channels/name_regex.h"

#include <re2/re2.h>

#include <algorithm>

namespace tidemill::channels {
namespace {

// Bounds what one expression's automaton may take; past it RE2 falls back to slower matching.
constexpr std::int64_t kMemoryBytesMax = 1 << 20;
constexpr int kBoundBytesMax = 64;

// Where all that the expression can take is one text, `text`, whether it does so at all depends on what
// stands around it: the ends, letters, other bytes.
bool MatchesSomewhere(const RE2& regex, const std::string& text) {
  constexpr std::string_view kAround[] = {"", "a", "-", "aa", "--", "a-", "-a"};
  return std::ranges::any_of(kAround, [&](std::string_view before) {
    return std::ranges::any_of(kAround, [&](std::string_view after) {
      return RE2::PartialMatch(std::string(before) + text + std::string(after), regex);
    });
  });
}

// True in doubt.
bool MatchesAnyName(const RE2& regex) {
  std::string least;
  std::string greatest;
  if (!regex.PossibleMatchRange(&least, &greatest, kBoundBytesMax) || least != greatest) return true;
  return MatchesSomewhere(regex, least);
}

}  // namespace

Result<std::unique_ptr<const RE2>> CompileNameRegex(const std::string& expression) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMemoryBytesMax);
  auto regex = std::make_unique<RE2>(expression, options);
  if (!regex->ok()) {
    return Fail(Errc::kInvalidArgument, "not an RE2 expression: " + regex->error());
  }
  if (!MatchesAnyName(*regex)) return Fail(Errc::kInvalidArgument, "no name matches it");
  return regex;
}

}  // namespace tidemill::channels
