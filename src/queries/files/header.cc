#include "queries/files/header.h"

#include <algorithm>

#include "base/ascii.h"

namespace tidemill::files {
namespace {

constexpr bool IsBlankOrEnd(char c) { return IsBlank(c) || c == '\r'; }

CommentLine Trimmed(std::string_view text, std::uint32_t offset) {
  while (!text.empty() && IsBlankOrEnd(text.front())) {
    text.remove_prefix(1);
    ++offset;
  }
  while (!text.empty() && IsBlankOrEnd(text.back())) text.remove_suffix(1);
  return {.text = text, .offset = offset};
}

Range RangeOf(const CommentLine& line, std::size_t begin, std::size_t end) {
  return {.begin = line.offset + static_cast<std::uint32_t>(begin),
          .end = line.offset + static_cast<std::uint32_t>(end)};
}

}  // namespace

std::vector<CommentLine> LinesOf(std::string_view text, const Token& comment) {
  std::string_view rest = comment.range.In(text);
  std::uint32_t offset = comment.range.begin + 2;
  rest.remove_prefix(2);
  if (comment.kind == TokenKind::kLineComment) {
    // Banners: "--------", "--- text ---".
    while (rest.starts_with('-')) {
      rest.remove_prefix(1);
      ++offset;
    }
    return {Trimmed(rest, offset)};
  }
  if (rest.ends_with("*/")) rest.remove_suffix(2);
  std::vector<CommentLine> lines;
  for (;;) {
    const std::size_t end = rest.find('\n');
    CommentLine line = Trimmed(rest.substr(0, end), offset);
    if (line.text.starts_with('*')) line = Trimmed(line.text.substr(1), line.offset + 1);
    lines.push_back(line);
    if (end == std::string_view::npos) return lines;
    offset += static_cast<std::uint32_t>(end + 1);
    rest.remove_prefix(end + 1);
  }
}

std::optional<Tag> TagOf(const CommentLine& line) {
  if (line.text.size() < 2 || line.text[0] != '@' || !IsLetter(line.text[1])) return std::nullopt;
  const std::size_t end = std::min(line.text.find_first_of(" \t"), line.text.size());
  const CommentLine value = Trimmed(line.text.substr(end), line.offset + static_cast<std::uint32_t>(end));
  return Tag{.name = line.text.substr(1, end - 1),
             .where = RangeOf(line, 0, end),
             .value = value.text,
             .value_offset = value.offset};
}

std::optional<Range> HiddenTagOf(const CommentLine& line, bool (*is_tag)(std::string_view)) {
  const std::size_t at = line.text.find('@');
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  const std::string_view before = line.text.substr(0, at);
  if (std::ranges::any_of(before, [](char c) { return IsLetter(c) || IsDigit(c); })) return std::nullopt;
  std::size_t end = at + 1;
  while (end < line.text.size() && IsLetter(line.text[end])) ++end;
  if (!is_tag(line.text.substr(at + 1, end - at - 1))) return std::nullopt;
  return RangeOf(line, at, end);
}

Header ReadHeader(std::string_view text, std::span<const Token> tokens) {
  Header header;
  std::size_t empty_lines = 0;
  for (const Token& token : tokens) {
    if (!IsComment(token.kind)) continue;
    for (const CommentLine& line : LinesOf(text, token)) {
      if (const auto tag = TagOf(line)) {
        header.tags.push_back(*tag);
      } else if (std::ranges::all_of(line.text,
                                     [](char c) { return !IsLetter(c) && !IsDigit(c) && c > 0; })) {
        ++empty_lines;  // or a line drawn with characters
      } else if (header.summary.empty()) {
        header.summary = line.text;
        empty_lines = 0;
      } else {
        if (!header.description.empty()) header.description += empty_lines > 0 ? "\n\n" : "\n";
        header.description += line.text;
        empty_lines = 0;
      }
    }
  }
  return header;
}

std::optional<NameLine> NameLineOf(std::string_view text, const Token& comment) {
  if (comment.kind != TokenKind::kLineComment) return std::nullopt;
  const CommentLine line = LinesOf(text, comment).front();
  constexpr std::string_view kStart = "name:";
  if (!line.text.starts_with(kStart)) return std::nullopt;
  const auto blanks = [&line](std::size_t at) {
    while (at < line.text.size() && IsBlank(line.text[at])) ++at;
    return at;
  };
  const std::size_t name = blanks(kStart.size());
  std::size_t end = name;
  while (end < line.text.size() && !IsBlank(line.text[end]) &&
         !std::string_view("^$!<*#:").contains(line.text[end])) {
    ++end;
  }
  const std::size_t command = blanks(end);
  return NameLine{.name = line.text.substr(name, end - name),
                  .name_where = RangeOf(line, name == end ? 0 : name, end),
                  .command = line.text.substr(command),
                  .command_where = RangeOf(line, command, line.text.size())};
}

}  // namespace tidemill::files
