#include "queries/answer/testing/given_rows.h"

namespace tidemill::queries::testing {

std::shared_ptr<const sql::Columns> ColumnsOf(const std::vector<std::pair<std::string, TypePtr>>& columns) {
  sql::Columns made;
  for (const auto& [name, type] : columns) made.push_back({.name = name, .type = type});
  return std::make_shared<const sql::Columns>(std::move(made));
}

sql::Rows RowsOf(const std::shared_ptr<const sql::Columns>& columns, const std::vector<GivenRow>& rows) {
  sql::Rows made(columns);
  for (const GivenRow& row : rows) {
    std::string bytes;
    std::vector<sql::Row::Slot> slots;
    for (std::size_t i = 0; i < row.size(); ++i) {
      slots.push_back({.offset = static_cast<std::uint32_t>(bytes.size()),
                       .bytes = static_cast<std::uint32_t>(row[i] ? row[i]->size() : 0),
                       .kind = row[i] ? (*columns)[i].type->kind : sql::Kind::kNull});
      bytes += row[i].value_or("");
    }
    made.Append(sql::Row(bytes.data(), slots));
  }
  return made;
}

void Give(const sql::Rows& rows, sql::RowSink& sink) {
  sink.OnColumns(std::make_shared<const sql::Columns>(rows.columns()));
  for (std::size_t i = 0; i < rows.size(); ++i) sink.OnRow(rows[i]);
}

}  // namespace tidemill::queries::testing
