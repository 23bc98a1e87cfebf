// Words: the value of a tag, a word at a time.
//
// A word ends at a blank or at "=". Around "," and "|" blanks do not count: "a, b" is one word, "a,b". Quoted
// words keep their blanks: "a doc", 'a default'; twice, the quote stands for itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queries/files/problem.h"

namespace tidemill::files {

struct Word {
  enum class Kind : std::uint8_t { kPlain, kDoubleQuoted, kSingleQuoted, kEquals };
  Kind kind = Kind::kPlain;
  std::string text;  // without its quotes
  Range where;       // with them
};

// All words of `value`, whose first byte stands at `offset` in the file.
std::vector<Word> SplitWords(std::string_view value, std::uint32_t offset, Problems& problems);

// Reads words one by one; for `key=value` three of them are one.
class Words {
 public:
  explicit Words(std::vector<Word> words) : words_(std::move(words)) {}

  bool AtEnd() const { return at_ == words_.size(); }
  const Word* Peek() const { return AtEnd() ? nullptr : &words_[at_]; }
  const Word* Next() { return AtEnd() ? nullptr : &words_[at_++]; }
  // The next word if it is plain and `text`.
  bool Take(std::string_view text);
  bool TakeEquals();

  struct Pair {
    Word key;
    Word value;  // empty: nothing stands behind the "="
  };
  // The next three words, if the second is "=".
  std::optional<Pair> TakePair();

 private:
  std::vector<Word> words_;
  std::size_t at_ = 0;
};

// "a,b" at the commas.
std::vector<std::string> SplitList(std::string_view text, char separator);

}  // namespace tidemill::files
