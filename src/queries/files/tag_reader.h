// TagReader: reads the words of one tag, and says what is wrong with one together with how the tag is
// written.
//
// Each Read… takes a word and gives nullopt, or an empty list, after it has reported what is wrong. Lives as
// long as the reading of its tag.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "queries/files/words.h"

namespace tidemill::files {

struct DurationRange {
  Duration min;
  Duration max;
};
struct CountRange {
  std::uint32_t min = 1;
  std::uint32_t max = 1;
};

enum class NameRule : std::uint8_t {
  kColumn,  // letters, digits and _, as SQL writes a name without quotes
  kTable,   // the same, or schema.name
  kClaim,   // letters, digits, _ - . : and /
};

class TagReader {
 public:
  TagReader(Range where, std::vector<Word> words, std::string_view usage, Problems& problems)
      : words(std::move(words)), where_(where), usage_(usage), problems_(problems) {}

  Words words;

  Range where() const { return where_; }
  void Fail(Range where, std::string message) {
    problems_.Add(ProblemKind::kTag, where, std::move(message), "accepted: " + std::string(usage_));
  }
  // The tag ends too early.
  void FailMissing(std::string_view what) { Fail(where_, "missing: " + std::string(what)); }
  void FailUnexpected(const Word& word);
  // Nothing may follow.
  void ExpectEnd();

  std::optional<Duration> ReadDuration(const Word& word, DurationRange range);
  std::optional<std::uint32_t> ReadCount(const Word& word, CountRange range);
  std::vector<std::string> ReadNames(const Word& word, NameRule rule, char separator = ',');

 private:
  const Range where_;
  const std::string_view usage_;
  Problems& problems_;
};

bool IsName(std::string_view text, NameRule rule);

}  // namespace tidemill::files
