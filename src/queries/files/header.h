// Header: the comment above a statement: prose first, then a tag on each line that begins with @.
//
// "--" and "/* */" count alike; of the latter a * at the beginning of a line is decoration. Views into the
// text of the file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "queries/files/problem.h"
#include "queries/files/token.h"

namespace tidemill::files {

struct CommentLine {
  std::string_view text;  // without the marks of the comment and the blanks around
  std::uint32_t offset = 0;
};
std::vector<CommentLine> LinesOf(std::string_view text, const Token& comment);

struct Tag {
  std::string_view name;   // without @
  Range where;             // of "@name"
  std::string_view value;  // the rest of the line
  std::uint32_t value_offset = 0;
};
// nullopt: the line is prose. A tag is @ and a letter.
std::optional<Tag> TagOf(const CommentLine& line);

// A tag behind other marks than a comment's, "-- * @auth none": as prose it would say nothing.
std::optional<Range> HiddenTagOf(const CommentLine& line, bool (*is_tag)(std::string_view name));

struct Header {
  std::string summary;      // the first line of prose
  std::string description;  // the others; empty lines between paragraphs stay
  std::vector<Tag> tags;
};
// `tokens`: comments and space; others are passed over.
Header ReadHeader(std::string_view text, std::span<const Token> tokens);

// "-- name: latest :many", as sqlc writes it, or "-- name: latest^", as aiosql does.
struct NameLine {
  std::string_view name;
  Range name_where;
  std::string_view command;  // ":many", "^"; may be empty
  Range command_where;
};
// nullopt: the comment is no such line.
std::optional<NameLine> NameLineOf(std::string_view text, const Token& comment);

}  // namespace tidemill::files
