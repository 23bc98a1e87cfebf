// Glob: a pattern with "*" for any bytes, "?" for one, "[a-z]" and "[!a-z]" for one of some, "{a,b}" for one
// of several, and "\" before a byte that stands for itself. Nothing separates: "*" goes over dots and
// slashes.
//
// ASCII letters have no case. Immutable; any thread.
#pragma once

#include <bitset>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tidemill::http {

// States from 0, which is the first, to `states - 1`; a step gives -1 where no text goes on.
struct Automaton {
  int states = 0;
  std::function<int(int state, char byte)> step;
  std::function<bool(int state)> accepts;
};

class Glob {
 public:
  static constexpr std::size_t kBytesMax = 256;
  static constexpr std::size_t kAlternativesMax = 64;

  // kInvalidArgument: brackets or braces that do not close, braces in braces; kLimitExceeded.
  static Result<Glob> Parse(std::string_view text);

  bool Matches(std::string_view text) const;
  // Whether it matches anything that the automaton accepts, which knows lower case only.
  bool MatchesAnyOf(const Automaton& automaton) const;

 private:
  struct Element {
    std::bitset<256> bytes;  // one of these, unless it is a star
    bool star = false;
  };
  using Sequence = std::vector<Element>;

  static Result<Sequence> ParseSequence(std::string_view text);
  static bool Matches(const Sequence& sequence, std::string_view text);
  static bool Meets(const Sequence& sequence, const Automaton& automaton);

  std::vector<Sequence> sequences_;  // of "{a,b}" one for each
};

}  // namespace tidemill::http
