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

// What is the same for all rows of a statement: the names, written once. Immutable; any thread.
struct JsonPlan {
  struct Member {
    std::string before;  // `,"name":`, of the first `{"name":`
    const Type* type;
  };
  explicit JsonPlan(std::shared_ptr<const Columns> of);

  std::shared_ptr<const Columns> columns;
  std::vector<Member> members;
};

class JsonRows final : public RowSink {
 public:
  // `plan`: of an earlier run of the same statement; it is made anew where the columns are others.
  explicit JsonRows(JsonShape shape, Integers64 integers64 = Integers64::kNumber,
                    std::shared_ptr<const JsonPlan> plan = nullptr);

  void OnColumns(std::shared_ptr<const Columns> columns) override;
  void OnRow(const Row& row) override;

  std::uint64_t rows() const { return rows_; }       // of this run, or of the one that Finish has ended
  std::size_t bytes() const { return out_.size(); }  // since the last Take
  // What there is so far, for who sends it in pieces.
  std::string Take() { return out_.Take(); }
  // The rest, with the end. It may be used for another run then.
  std::string Finish();
  // For the next run; null before OnColumns.
  const std::shared_ptr<const JsonPlan>& plan() const { return plan_; }

 private:
  void BeginRun();

  const JsonShape shape_;
  const JsonOptions options_;
  std::shared_ptr<const JsonPlan> plan_;
  std::uint64_t rows_ = 0;
  bool finished_ = false;
  JsonBuffer out_;
};

std::string ToJson(const Rows& rows, JsonShape shape, Integers64 integers64 = Integers64::kNumber);

}  // namespace tidemill::sql
