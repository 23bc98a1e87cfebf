#include "queries/files/words.h"

#include <utility>

#include "base/ascii.h"

namespace tidemill::files {
namespace {

constexpr bool Joins(char c) { return c == ',' || c == '|'; }

class Splitter {
 public:
  Splitter(std::string_view value, std::uint32_t offset, Problems& problems)
      : value_(value), offset_(offset), problems_(problems) {}

  std::vector<Word> Run() {
    for (SkipBlanks(); at_ < value_.size(); SkipBlanks()) {
      const std::size_t begin = at_;
      Word word = Next();
      word.where = {.begin = offset_ + static_cast<std::uint32_t>(begin),
                    .end = offset_ + static_cast<std::uint32_t>(at_)};
      words_.push_back(std::move(word));
    }
    return std::move(words_);
  }

 private:
  void SkipBlanks() {
    while (at_ < value_.size() && IsBlank(value_[at_])) ++at_;
  }

  Word Next() {
    const char c = value_[at_];
    if (c == '"') return Quoted(c, Word::Kind::kDoubleQuoted);
    if (c == '\'') return Quoted(c, Word::Kind::kSingleQuoted);
    if (c != '=') return Plain();
    ++at_;
    return {.kind = Word::Kind::kEquals, .text = "="};
  }

  Word Quoted(char quote, Word::Kind kind) {
    const auto begin = offset_ + static_cast<std::uint32_t>(at_);
    Word word{.kind = kind};
    for (++at_; at_ < value_.size(); ++at_) {
      if (value_[at_] == quote) {
        ++at_;
        if (at_ == value_.size() || value_[at_] != quote) return word;
      }
      word.text += value_[at_];
    }
    problems_.Add(ProblemKind::kTag, {.begin = begin, .end = begin + 1},
                  "this quote is not closed in its line");
    return word;
  }

  Word Plain() {
    Word word;
    while (at_ < value_.size() && value_[at_] != '=') {
      const char c = value_[at_];
      if (!IsBlank(c)) {
        word.text += c;
        ++at_;
        continue;
      }
      std::size_t next = at_;
      while (next < value_.size() && IsBlank(value_[next])) ++next;
      const bool goes_on =
          next < value_.size() && (Joins(value_[next]) || (Joins(word.text.back()) && value_[next] != '='));
      if (!goes_on) break;
      at_ = next;
    }
    return word;
  }

  const std::string_view value_;
  const std::uint32_t offset_;
  Problems& problems_;
  std::size_t at_ = 0;
  std::vector<Word> words_;
};

}  // namespace

std::vector<Word> SplitWords(std::string_view value, std::uint32_t offset, Problems& problems) {
  return Splitter(value, offset, problems).Run();
}

bool Words::Take(std::string_view text) {
  const bool found = !AtEnd() && words_[at_].kind == Word::Kind::kPlain && words_[at_].text == text;
  if (found) ++at_;
  return found;
}

bool Words::TakeEquals() {
  const bool found = !AtEnd() && words_[at_].kind == Word::Kind::kEquals;
  if (found) ++at_;
  return found;
}

std::optional<Words::Pair> Words::TakePair() {
  if (at_ + 1 >= words_.size() || words_[at_ + 1].kind != Word::Kind::kEquals) return std::nullopt;
  Pair pair{.key = words_[at_], .value = {.where = words_[at_ + 1].where}};
  at_ += 2;
  if (!AtEnd()) pair.value = words_[at_++];
  return pair;
}

std::vector<std::string> SplitList(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

}  // namespace tidemill::files
