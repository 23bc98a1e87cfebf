// Where quoted text and comments end. Functions of their arguments; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tidemill::files {

struct End {
  std::size_t at = 0;  // behind the last byte
  bool closed = false;
};

struct QuoteRules {
  char quote = '\'';         // what ends it
  bool doubled = true;       // twice, it stands for itself
  bool backslashes = false;  // Postgres' E'…', which goes on behind an end of line: E'a' ⏎ 'b\'c'
};

// `begin` is the opening quote.
End EndOfQuoted(std::string_view text, std::size_t begin, QuoteRules rules);

enum class NestedComments : std::uint8_t { kNo, kYes };

// `begin` is the first /*. Nesting is counted, so its depth needs no limit.
End EndOfBlockComment(std::string_view text, std::size_t begin, NestedComments nested);

}  // namespace tidemill::files
