#include "sql/json.h"

#include <utility>

namespace tidemill::sql {

JsonPlan::JsonPlan(std::shared_ptr<const Columns> of) : columns(std::move(of)) {
  for (const Column& column : *columns) {
    JsonBuffer name;
    name.Byte(members.empty() ? '{' : ',');
    name.Text(column.name);
    name.Byte(':');
    members.push_back({.before = name.Take(), .type = column.type.get()});
  }
}

JsonRows::JsonRows(JsonShape shape, Integers64 integers64, std::shared_ptr<const JsonPlan> plan)
    : shape_(shape),
      options_{.integers64 = integers64, .on_one_line = shape == JsonShape::kLines},
      plan_(std::move(plan)) {}

void JsonRows::BeginRun() {
  if (std::exchange(finished_, false)) rows_ = 0;
}

void JsonRows::OnColumns(std::shared_ptr<const Columns> columns) {
  BeginRun();
  if (plan_ && plan_->columns == columns) return;
  plan_ = std::make_shared<const JsonPlan>(std::move(columns));
}

void JsonRows::OnRow(const Row& row) {
  ++rows_;
  if (shape_ == JsonShape::kObject && rows_ > 1) return;
  if (shape_ == JsonShape::kArray) out_.Byte(rows_ == 1 ? '[' : ',');
  const std::vector<JsonPlan::Member>& members = plan_->members;
  for (std::size_t i = 0; i < members.size(); ++i) {
    out_.Raw(members[i].before);
    const Field field = row[i];
    switch (field.kind) {
      case Kind::kNull: out_.Raw("null"); break;
      case Kind::kText: out_.Text(field.text); break;
      default: AppendJsonValue(*members[i].type, field.kind, field.text, options_, out_);
    }
  }
  if (members.empty()) out_.Byte('{');
  out_.Byte('}');
  if (shape_ == JsonShape::kLines) out_.Byte('\n');
}

std::string JsonRows::Finish() {
  BeginRun();
  if (shape_ == JsonShape::kArray) out_.Raw(rows_ == 0 ? "[]" : "]");
  if (shape_ == JsonShape::kObject && rows_ == 0) out_.Raw("null");
  finished_ = true;
  return Take();
}

std::string ToJson(const Rows& rows, JsonShape shape, Integers64 integers64) {
  JsonRows json(shape, integers64);
  json.OnColumns(std::make_shared<Columns>(rows.columns()));
  for (std::size_t i = 0; i < rows.size(); ++i) json.OnRow(rows[i]);
  return json.Finish();
}

}  // namespace tidemill::sql
