// Rewrite: a statement as the database gets it. Each :name becomes its number, $1 or ?1, the same for each
// use of a name; nothing else changes, so no value can ever become part of the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "queries/files/source.h"
#include "queries/files/token.h"
#include "sql/database.h"

namespace tidemill::files {

// From places in the rewritten text to places in the file.
class PositionMap {
 public:
  PositionMap() = default;
  explicit PositionMap(std::uint32_t source_begin) : pieces_{{.rewritten = 0, .source = source_begin}} {}

  // The file's offset for one of the rewritten text, in bytes. Inside of a number it is the place of its
  // :name.
  std::uint32_t SourceOf(std::size_t rewritten) const;

  // Everything from `rewritten` on comes from `source` on; a parameter takes one place.
  struct Piece {
    std::uint32_t rewritten = 0;
    std::uint32_t source = 0;
    bool parameter = false;
    friend bool operator==(const Piece&, const Piece&) = default;
  };
  void Add(Piece piece) { pieces_.push_back(piece); }
  friend bool operator==(const PositionMap&, const PositionMap&) = default;

 private:
  std::vector<Piece> pieces_;
};

struct Rewritten {
  std::string text;
  std::vector<std::string> names;  // names[0] is $1
  std::vector<Range> first_uses;   // of each name, in the file
  PositionMap positions;
  friend bool operator==(const Rewritten&, const Rewritten&) = default;
};

// `tokens` are one statement's, in a row.
Rewritten Rewrite(std::string_view text, std::span<const Token> tokens, sql::Dialect dialect);

}  // namespace tidemill::files
