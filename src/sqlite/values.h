// Parameters into a statement, and a row out of it: sql/parameter.h and sql/type.h in SQLite's five storage
// classes.
//
// Text is kept as it is, byte for byte: SQLite checks neither for UTF-8 nor for NUL.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/database.h"
#include "sql/parameter.h"
#include "sql/rows.h"

struct sqlite3_stmt;

namespace tidemill::sqlite {

// Numbers the parameters from 1. Text and bytes are borrowed until the statement is reset, lists are copied.
// Gives SQLite's result code.
int Bind(sqlite3_stmt* statement, int number, const sql::Parameter& parameter);

// Of what SQLite gives as a pointer and a count; a null pointer is empty.
std::string_view ViewOf(const void* data, int bytes);

// A list as JSON text.
std::string ToJson(const std::vector<std::int64_t>& list);
std::string ToJson(const std::vector<std::string>& list);

// The columns by their declared types: "INTEGER", "VARCHAR(20)"; "" and text for an expression.
sql::Columns ColumnsOf(sqlite3_stmt* statement);
sql::Kind KindOfDeclared(std::string_view declared);

// The tables' columns that the columns come from, through views and subqueries.
std::vector<sql::ColumnOrigin> OriginsOf(sqlite3_stmt* statement);

// The row a statement stands on, in one block that is used again for the next.
class RowBuffer {
 public:
  // Until the next call; nullopt: it is longer than that.
  std::optional<sql::Row> Read(sqlite3_stmt* statement, std::uint64_t bytes_max);
  std::size_t bytes() const { return bytes_.size(); }

 private:
  void Append(sqlite3_stmt* statement, int column);

  std::string bytes_;
  std::vector<sql::Row::Slot> slots_;
};

}  // namespace tidemill::sqlite
