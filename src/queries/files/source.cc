#include "queries/files/source.h"

#include <algorithm>

#include "base/utf8.h"

namespace tidemill::files {
namespace {

// Code points of a line that are shown around the place.
constexpr std::size_t kExcerptMax = 100;
constexpr std::size_t kBeforeMax = 60;

// Bytes of the code point at the start; a byte that is not UTF-8 stands for itself.
std::size_t Step(std::string_view text) { return std::max<std::size_t>(1, Utf8SequenceLength(text)); }

std::size_t CountCharacters(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(Step(text));
  return count;
}

void AppendShown(std::string_view character, std::string& out) {
  const auto first = static_cast<unsigned char>(character[0]);
  const bool invalid = Utf8SequenceLength(character) == 0;
  const bool c1 = character.size() == 2 && first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
  if (character == "\t") {
    out += ' ';
  } else if (invalid || first < 0x20 || first == 0x7f || c1) {
    out += '?';
  } else {
    out += character;
  }
}

}  // namespace

Lines::Lines(std::string_view text) : text_(text), begins_{0} {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    begins_.push_back(static_cast<std::uint32_t>(at + 1));
  }
}

std::size_t Lines::IndexOf(std::uint32_t offset) const {
  return static_cast<std::size_t>(std::upper_bound(begins_.begin(), begins_.end(), offset) -
                                  begins_.begin()) -
         1;
}

Position Lines::Of(std::uint32_t offset) const {
  offset = std::min(offset, static_cast<std::uint32_t>(text_.size()));
  const std::size_t index = IndexOf(offset);
  const std::string_view before = text_.substr(begins_[index], offset - begins_[index]);
  return {.line = static_cast<std::uint32_t>(index + 1),
          .column = static_cast<std::uint32_t>(CountCharacters(before) + 1)};
}

Range Lines::LineOf(std::uint32_t offset) const {
  const std::size_t index = IndexOf(std::min(offset, static_cast<std::uint32_t>(text_.size())));
  auto end = index + 1 < begins_.size() ? begins_[index + 1] - 1 : static_cast<std::uint32_t>(text_.size());
  if (end > begins_[index] && text_[end - 1] == '\r') --end;
  return {.begin = begins_[index], .end = end};
}

std::string Excerpt(std::string_view text, const Lines& lines, Range where) {
  const Range line = lines.LineOf(where.begin);
  const std::uint32_t begin = std::min(where.begin, line.end);
  const std::string_view before = Range{.begin = line.begin, .end = begin}.In(text);
  const std::size_t column = CountCharacters(before);
  const std::size_t skipped = column > kBeforeMax ? column - kBeforeMax : 0;

  std::string shown = skipped > 0 ? "  …" : "  ";
  std::string mark(2 + (skipped > 0 ? 1 : 0), ' ');
  std::string_view rest = line.In(text);
  rest.remove_prefix(BytesOfCharacters(rest, skipped));
  for (std::size_t count = 0; !rest.empty(); ++count) {
    if (count == kExcerptMax) {
      shown += "…";
      break;
    }
    const auto at = static_cast<std::uint32_t>(line.end - rest.size());
    if (at < begin) mark += ' ';
    if (at == begin) mark += '^';
    if (at > begin && at < where.end) mark += '~';
    AppendShown(rest.substr(0, Step(rest)), shown);
    rest.remove_prefix(Step(rest));
  }
  if (begin == line.end) mark += '^';
  return shown + "\n" + mark;
}

std::size_t BytesOfCharacters(std::string_view text, std::size_t characters) {
  std::size_t bytes = 0;
  for (; characters > 0 && bytes < text.size(); --characters) bytes += Step(text.substr(bytes));
  return bytes;
}

}  // namespace tidemill::files
