#include "queries/answer/body_rows.h"

#include <utility>

#include "queries/answer/row_writer.h"
#include "sql/json_value.h"

namespace tidemill::queries {
namespace {

using files::RowsShape;

// [{…},{…}]; all statements together are one array.
class ArrayBody final : public BodyRows {
 public:
  explicit ArrayBody(std::shared_ptr<const sql::JsonPlan> plan)
      : json_(sql::JsonShape::kArray, sql::Integers64::kNumber, std::move(plan)) {}
  void OnColumns(std::shared_ptr<const sql::Columns> columns) override {
    json_.OnColumns(std::move(columns));
  }
  void OnRow(const sql::Row& row) override { json_.OnRow(row); }
  void EndRun() override {}
  std::string Finish() override { return json_.Finish(); }
  std::uint64_t rows() const override { return json_.rows(); }
  std::shared_ptr<const sql::JsonPlan> plan() const override { return json_.plan(); }

 private:
  sql::JsonRows json_;
};

// {…}, the first row; of a bulk an array of the first rows.
class ObjectBody final : public BodyRows {
 public:
  ObjectBody(bool bulk, std::shared_ptr<const sql::JsonPlan> plan)
      : bulk_(bulk), json_(sql::JsonShape::kObject, sql::Integers64::kNumber, std::move(plan)) {}
  void OnColumns(std::shared_ptr<const sql::Columns> columns) override {
    json_.OnColumns(std::move(columns));
  }
  void OnRow(const sql::Row& row) override {
    json_.OnRow(row);
    ++rows_;
  }
  void EndRun() override {
    if (bulk_) body_ += body_.empty() ? '[' : ',';
    body_ += json_.Finish();
  }
  std::string Finish() override {
    if (bulk_) body_ += body_.empty() ? "[]" : "]";
    return std::move(body_);
  }
  std::uint64_t rows() const override { return rows_; }
  std::shared_ptr<const sql::JsonPlan> plan() const override { return json_.plan(); }

 private:
  const bool bulk_;
  sql::JsonRows json_;
  std::uint64_t rows_ = 0;
  std::string body_;
};

// The first column of the first row; of a bulk an array of them.
class ValueBody final : public BodyRows {
 public:
  explicit ValueBody(bool bulk) : bulk_(bulk) {}
  void OnColumns(std::shared_ptr<const sql::Columns> columns) override { columns_ = std::move(columns); }
  void OnRow(const sql::Row& row) override {
    ++rows_;
    if (std::exchange(there_, true)) return;
    Separate();
    const sql::Field field = row.size() > 0 ? row[0] : sql::Field();
    static const sql::Type kNone;
    sql::AppendJsonValue(row.size() > 0 ? *columns_->front().type : kNone, field.kind, field.text, {}, json_);
  }
  void EndRun() override {
    if (!std::exchange(there_, false)) {
      Separate();
      json_.Raw("null");
    }
  }
  std::string Finish() override {
    if (bulk_) json_.Raw(json_.size() == 0 ? "[]" : "]");
    return json_.Take();
  }
  std::uint64_t rows() const override { return rows_; }

 private:
  void Separate() {
    if (bulk_) json_.Byte(json_.size() == 0 ? '[' : ',');
  }

  const bool bulk_;
  std::shared_ptr<const sql::Columns> columns_;
  bool there_ = false;
  std::uint64_t rows_ = 0;
  sql::JsonBuffer json_;
};

// NDJSON or CSV that is not streamed.
class TextBody final : public BodyRows {
 public:
  TextBody(Format format, std::shared_ptr<const sql::JsonPlan> plan)
      : writer_(MakeRowWriter(format, std::move(plan))) {}
  void OnColumns(std::shared_ptr<const sql::Columns> columns) override {
    writer_->OnColumns(std::move(columns));
  }
  void OnRow(const sql::Row& row) override {
    ++rows_;
    writer_->OnRow(row);
  }
  void EndRun() override {}
  std::string Finish() override { return writer_->Take(); }
  std::uint64_t rows() const override { return rows_; }

 private:
  std::unique_ptr<RowWriter> writer_;
  std::uint64_t rows_ = 0;
};

}  // namespace

std::unique_ptr<BodyRows> MakeBodyRows(RowsShape shape, const TypedRequest& request,
                                       std::shared_ptr<const sql::JsonPlan> plan) {
  if (shape == RowsShape::kValue) return std::make_unique<ValueBody>(request.bulk);
  if (shape == RowsShape::kOne) return std::make_unique<ObjectBody>(request.bulk, std::move(plan));
  switch (request.format) {
    case Format::kLines:
    case Format::kCsv: return std::make_unique<TextBody>(request.format, std::move(plan));
    case Format::kObject:
    case Format::kJson: break;
  }
  return std::make_unique<ArrayBody>(std::move(plan));
}

}  // namespace tidemill::queries
