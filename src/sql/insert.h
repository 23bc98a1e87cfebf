// Insert: many rows into a table by few calls. Postgres takes a list for each column, SQLite several rows in
// one statement.
//
// Immutable; any thread. Insert::Rows has one owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sql/database.h"
#include "sql/statement.h"

namespace tidemill::sql {

struct InsertShape {
  enum class Kind : std::uint8_t { kInteger, kOptionalInteger, kText };
  struct Column {
    std::string_view name;
    Kind kind;
  };
  std::string table;  // with its schema: OwnTable
  std::span<const Column> columns;
  std::string_view conflict{};  // "on conflict …"
};

// The statements of one shape. Immutable.
class Insert {
 public:
  Insert(Dialect dialect, const InsertShape& shape);

  // Takes `rows` rows, value by value; whenever a call is full, it goes into `calls`.
  class Rows {
   public:
    Rows(const Insert& insert, std::size_t rows, std::vector<Call>& calls)
        : insert_(insert), left_(rows), calls_(calls) {}
    Rows& Add(std::int64_t value);  // -1 in a column that may have none: none
    Rows& Add(const std::string& text);

   private:
    void BeginRow();
    void EndValue();

    const Insert& insert_;
    std::size_t left_;  // rows that have not ended
    std::vector<Call>& calls_;
    Parameters parameters_;       // of the call that is made
    std::size_t size_ = 0;        // the number of its statement
    std::size_t rows_ = 0;        // that it takes
    std::size_t rows_ended_ = 0;  // that it has
    std::size_t column_ = 0;
    std::size_t bytes_ = 0;  // of its texts
  };

 private:
  static constexpr std::size_t kSizes[] = {64, 16, 4, 1};  // rows of one statement of SQLite

  const bool is_sqlite_;
  std::vector<InsertShape::Kind> kinds_;
  std::vector<Statement> statements_;  // Postgres: one; SQLite: one for each size
};

}  // namespace tidemill::sql
