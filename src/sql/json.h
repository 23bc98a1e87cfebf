// JsonRows: rows as JSON, straight from where they lie: an array of objects by column names, or one object on
// each line. json_value.h says what each kind of value becomes.
//
// A RowSink, and for rows that are there already a function. Columns of the same name give members of the
// same name, as in Postgres. One owner at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sql/json_value.h"
#include "sql/rows.h"

namespace tidemill::sql {

enum class JsonShape : std::uint8_t {
  kArray,   // [{"id":1},{"id":2}]
  kLines,   // {"id":1}⏎{"id":2}⏎ (newline-delimited JSON)
  kObject,  // {"id":1}: the first row alone; null if there is none
};

class JsonRows final : public RowSink {
 public:
  explicit JsonRows(JsonShape shape, Integers64 integers64 = Integers64::kNumber);

  void OnColumns(std::shared_ptr<const Columns> columns) override;
  void OnRow(const Row& row) override;

  std::uint64_t rows() const { return rows_; }
  std::size_t bytes() const { return out_.size(); }  // since the last Take
  // What there is so far, for who sends it in pieces.
  std::string Take() { return out_.Take(); }
  // The rest, with the end. The last call.
  std::string Finish();

 private:
  struct ColumnPlan {
    std::string before;  // `,"name":`, for the first `{"name":`
    const Type* type;
  };

  const JsonShape shape_;
  const JsonOptions options_;
  std::shared_ptr<const Columns> columns_;
  std::vector<ColumnPlan> plan_;
  std::uint64_t rows_ = 0;
  JsonBuffer out_;
};

std::string ToJson(const Rows& rows, JsonShape shape, Integers64 integers64 = Integers64::kNumber);

}  // namespace tidemill::sql
