// Range, Lines, Excerpt: places in the text of a file, and how they are shown to a person.
//
// Offsets are bytes from the beginning of the file; lines and columns begin with 1, a column is a code point.
// Values and functions; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::files {

struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;  // behind the last byte

  std::uint32_t size() const { return end - begin; }
  std::string_view In(std::string_view text) const { return text.substr(begin, size()); }
  friend auto operator<=>(const Range&, const Range&) = default;
};

struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  friend bool operator==(const Position&, const Position&) = default;
};

// Where the lines of a text begin. The text outlives it.
class Lines {
 public:
  explicit Lines(std::string_view text);

  // Of the byte at `offset`; an offset behind the end is the end.
  Position Of(std::uint32_t offset) const;
  // The line that the byte is in, without its end.
  Range LineOf(std::uint32_t offset) const;

 private:
  std::size_t IndexOf(std::uint32_t offset) const;

  const std::string_view text_;
  std::vector<std::uint32_t> begins_;
};

// The line of `where` and below it a caret for its first code point, and a ~ for each other one in that line.
// Both begin with two spaces, the last has no end of line. Long lines are cut around the place. Control bytes
// and bytes that are not UTF-8 are shown as "?".
std::string Excerpt(std::string_view text, const Lines& lines, Range where);

// How many bytes the first `characters` code points of `text` take; all of it if there are fewer.
std::size_t BytesOfCharacters(std::string_view text, std::size_t characters);

}  // namespace tidemill::files
