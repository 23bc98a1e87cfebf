#include "queries/files/tag_reader.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "config/duration.h"
#include "queries/files/lexer.h"

namespace tidemill::files {

bool IsName(std::string_view text, NameRule rule) {
  if (rule == NameRule::kColumn) return IsParameterName(text);
  if (rule == NameRule::kTable) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos) return IsParameterName(text);
    return IsParameterName(text.substr(0, dot)) && IsParameterName(text.substr(dot + 1));
  }
  return !text.empty() && text.size() <= 255 && (IsLetter(text[0]) || text[0] == '_') &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return IsLetter(c) || IsDigit(c) || std::string_view("_-.:/").contains(c);
         });
}

void TagReader::FailUnexpected(const Word& word) {
  Fail(word.where, (word.text.empty() ? "nothing" : word.text) + " is not expected here");
}

void TagReader::ExpectEnd() {
  if (const Word* word = words.Peek()) FailUnexpected(*word);
}

std::optional<Duration> TagReader::ReadDuration(const Word& word, DurationRange range) {
  const auto duration = config::ParseDuration(word.text);
  if (!duration || word.kind != Word::Kind::kPlain) {
    Fail(word.where, "no duration; write it like 250ms, 30s or 1h30m");
    return std::nullopt;
  }
  if (*duration < range.min || *duration > range.max) {
    Fail(word.where, word.text + " is not between " + config::ToString(range.min) + " and " +
                         config::ToString(range.max));
    return std::nullopt;
  }
  return *duration;
}

std::optional<std::uint32_t> TagReader::ReadCount(const Word& word, CountRange range) {
  std::uint32_t count = 0;
  const char* const end = word.text.data() + word.text.size();
  const auto read = std::from_chars(word.text.data(), end, count);
  if (read.ec != std::errc{} || read.ptr != end || count < range.min || count > range.max) {
    Fail(word.where, "no number from " + std::to_string(range.min) + " to " + std::to_string(range.max));
    return std::nullopt;
  }
  return count;
}

std::vector<std::string> TagReader::ReadNames(const Word& word, NameRule rule, char separator) {
  constexpr std::size_t kNamesMax = 64;
  if (word.kind != Word::Kind::kPlain || word.text.empty()) {
    Fail(word.where, "names are missing here");
    return {};
  }
  std::vector<std::string> names = SplitList(word.text, separator);
  if (names.size() > kNamesMax) {
    Fail(word.where, "more than 64 names");
    return {};
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!IsName(names[i], rule)) {
      Fail(word.where, (names[i].empty() ? "an empty name" : names[i] + " is no name"));
      return {};
    }
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i)) {
      Fail(word.where, names[i] + " stands twice");
      return {};
    }
  }
  return names;
}

}  // namespace tidemill::files
