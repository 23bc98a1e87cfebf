#include "queries/answer/csv_rows.h"

#include <utility>

#include "sql/json_value.h"

namespace tidemill::queries {
namespace {

// Whether its JSON is a text in quotes that needs no escapes: what is inside is the field.
bool IsPlainText(sql::Kind kind) {
  return kind == sql::Kind::kTimestamp || kind == sql::Kind::kTimestampTz || kind == sql::Kind::kBytes;
}

bool IsNested(sql::Kind kind) { return kind == sql::Kind::kArray || kind == sql::Kind::kComposite; }

}  // namespace

void CsvRows::OnColumns(std::shared_ptr<const sql::Columns> columns) {
  // Of several runs one after another the first names the columns.
  const bool first = columns_ == nullptr;
  columns_ = std::move(columns);
  if (!first) return;
  for (const sql::Column& column : *columns_) {
    if (&column != &columns_->front()) out_ += ',';
    AppendText(column.name);
  }
  out_ += "\r\n";
}

void CsvRows::OnRow(const sql::Row& row) {
  ++rows_;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out_ += ',';
    AppendField(*(*columns_)[i].type, row[i]);
  }
  out_ += "\r\n";
}

void CsvRows::AppendField(const sql::Type& type, const sql::Field& field) {
  if (field.is_null()) return;
  if (field.kind == sql::Kind::kBoolean) {
    out_ += field.text == "t" ? "true" : "false";
  } else if (IsPlainText(field.kind) || IsNested(field.kind)) {
    sql::AppendJsonValue(type, field.kind, field.text, {}, json_);
    const std::string_view json = json_.view();
    AppendText(json.starts_with('"') ? json.substr(1, json.size() - 2) : json);
    json_.CutTo(0);
  } else {
    AppendText(field.text);
  }
}

// In quotes where it must be: RFC 4180, section 2. So is a text with blanks at its ends, which readers drop.
void CsvRows::AppendText(std::string_view text) {
  const bool quoted =
      text.empty() || text.find_first_of(",\"\r\n") != text.npos || text.front() == ' ' || text.back() == ' ';
  if (!quoted) {
    out_ += text;
    return;
  }
  out_ += '"';
  for (const char c : text) {
    if (c == '"') out_ += c;
    out_ += c;
  }
  out_ += '"';
}

std::string CsvRows::Take() { return std::exchange(out_, {}); }

}  // namespace tidemill::queries
