// CsvRows: rows as CSV (RFC 4180): a line of column names, then a line for each row, with CRLF.
//
// NULL is an empty field, and an empty text is "" in quotes, so that they differ. Values are written as in
// JSON, without the quotes of texts: bytes in base64, times in ISO 8601, arrays, composites and JSON as JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sql/json_buffer.h"
#include "sql/rows.h"

namespace tidemill::queries {

// One owner at a time.
class CsvRows final : public sql::RowSink {
 public:
  void OnColumns(std::shared_ptr<const sql::Columns> columns) override;
  void OnRow(const sql::Row& row) override;

  std::uint64_t rows() const { return rows_; }
  std::size_t bytes() const { return out_.size(); }
  std::string Take();

 private:
  void AppendField(const sql::Type& type, const sql::Field& field);
  void AppendText(std::string_view text);

  std::shared_ptr<const sql::Columns> columns_;
  std::uint64_t rows_ = 0;
  std::string out_;
  sql::JsonBuffer json_;
};

}  // namespace tidemill::queries
