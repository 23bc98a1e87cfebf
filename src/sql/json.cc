#include "sql/json.h"

#include <utility>

namespace tidemill::sql {

JsonRows::JsonRows(JsonShape shape, Integers64 integers64)
    : shape_(shape), options_{.integers64 = integers64, .on_one_line = shape == JsonShape::kLines} {}

void JsonRows::OnColumns(std::shared_ptr<const Columns> columns) {
  columns_ = std::move(columns);
  plan_.clear();
  for (const Column& column : *columns_) {
    JsonBuffer name;
    name.Byte(plan_.empty() ? '{' : ',');
    name.Text(column.name);
    name.Byte(':');
    plan_.push_back({.before = name.Take(), .type = column.type.get()});
  }
}

void JsonRows::OnRow(const Row& row) {
  ++rows_;
  if (shape_ == JsonShape::kObject && rows_ > 1) return;
  if (shape_ == JsonShape::kArray) out_.Byte(rows_ == 1 ? '[' : ',');
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    const ColumnPlan& column = plan_[i];
    out_.Raw(column.before);
    const Field field = row[i];
    switch (field.kind) {
      case Kind::kNull: out_.Raw("null"); break;
      case Kind::kText: out_.Text(field.text); break;
      default: AppendJsonValue(*column.type, field.kind, field.text, options_, out_);
    }
  }
  if (plan_.empty()) out_.Byte('{');
  out_.Byte('}');
  if (shape_ == JsonShape::kLines) out_.Byte('\n');
}

std::string JsonRows::Finish() {
  if (shape_ == JsonShape::kArray) out_.Raw(rows_ == 0 ? "[]" : "]");
  if (shape_ == JsonShape::kObject && rows_ == 0) out_.Raw("null");
  return Take();
}

std::string ToJson(const Rows& rows, JsonShape shape, Integers64 integers64) {
  JsonRows json(shape, integers64);
  json.OnColumns(std::make_shared<Columns>(rows.columns()));
  for (std::size_t i = 0; i < rows.size(); ++i) json.OnRow(rows[i]);
  return json.Finish();
}

}  // namespace tidemill::sql
