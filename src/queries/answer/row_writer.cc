#include "queries/answer/row_writer.h"

#include <utility>

#include "base/assert.h"
#include "queries/answer/csv_rows.h"

namespace tidemill::queries {
namespace {

template <class Sink>
class WriterOf final : public RowWriter {
 public:
  explicit WriterOf(Sink sink) : sink_(std::move(sink)) {}
  void OnColumns(std::shared_ptr<const sql::Columns> columns) override {
    sink_.OnColumns(std::move(columns));
  }
  void OnRow(const sql::Row& row) override { sink_.OnRow(row); }
  std::size_t bytes() const override { return sink_.bytes(); }
  std::string Take() override { return sink_.Take(); }

 private:
  Sink sink_;
};

}  // namespace

std::unique_ptr<RowWriter> MakeRowWriter(Format format, std::shared_ptr<const sql::JsonPlan> plan) {
  if (format == Format::kCsv) return std::make_unique<WriterOf<CsvRows>>(CsvRows());
  TM_ASSERT(format == Format::kLines);
  return std::make_unique<WriterOf<sql::JsonRows>>(
      sql::JsonRows(sql::JsonShape::kLines, sql::Integers64::kNumber, std::move(plan)));
}

}  // namespace tidemill::queries
