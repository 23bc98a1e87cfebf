// Table: rows of text as aligned columns below a head, for people at a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidemill::cli {

// `text` without anything that a terminal would take for a command: control characters become "\x1b", bytes
// that are not UTF-8 "\xff".
std::string Printable(std::string_view text);

class Table {
 public:
  struct Column {
    std::string_view head;
    bool is_number = false;  // aligned to the right
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many texts as there are columns; they are made printable.
  void Add(const std::vector<std::string>& row);
  bool empty() const { return rows_.empty(); }
  // Lines; the last column is not padded, so that it may be of any length.
  std::string ToText() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tidemill::cli
