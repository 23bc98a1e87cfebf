#include "sql/insert.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace tidemill::sql {
namespace {

using ValueKind = InsertShape::Kind;

// Of one call to Postgres, then the next begins: quoted they may be twice as long, and
// storage.postgres.limits.statement_bytes_max holds for each.
constexpr std::size_t kTextBytesEnough = 256 << 10;

void Append(std::string& list, std::string_view piece) {
  if (!list.empty()) list += ", ";
  list += piece;
}

// -1 stands for none in a list of integers.
std::string Value(ValueKind kind, std::string_view name) {
  return kind == ValueKind::kOptionalInteger ? "nullif(" + std::string(name) + ", -1)" : std::string(name);
}

std::string Names(const InsertShape& shape) {
  std::string names;
  for (const InsertShape::Column& column : shape.columns) Append(names, column.name);
  return names;
}

std::string PostgresText(const InsertShape& shape) {
  std::string values;
  std::string lists;
  for (std::size_t i = 0; i < shape.columns.size(); ++i) {
    const auto& [name, kind] = shape.columns[i];
    Append(values, Value(kind, name));
    Append(lists, "$" + std::to_string(i + 1) + (kind == ValueKind::kText ? "::text[]" : "::bigint[]"));
  }
  return "insert into " + shape.table + " (" + Names(shape) + ") select " + values + " from unnest(" + lists +
         ") as given (" + Names(shape) + ") " + std::string(shape.conflict);
}

std::string SqliteText(const InsertShape& shape, std::size_t rows) {
  std::string values;
  std::size_t parameter = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    std::string one;
    for (const InsertShape::Column& column : shape.columns)
      Append(one, Value(column.kind, "?" + std::to_string(++parameter)));
    Append(values, "(" + one + ")");
  }
  return "insert into " + shape.table + " (" + Names(shape) + ") values " + values + " " +
         std::string(shape.conflict);
}

}  // namespace

Insert::Insert(Dialect dialect, const InsertShape& shape) : is_sqlite_(dialect == Dialect::kSqlite) {
  for (const InsertShape::Column& column : shape.columns) kinds_.push_back(column.kind);
  if (!is_sqlite_) {
    statements_.emplace_back(PostgresText(shape));
    return;
  }
  for (const std::size_t rows : kSizes) statements_.emplace_back(SqliteText(shape, rows));
}

Insert::Rows& Insert::Rows::Add(std::int64_t value) {
  TM_ASSERT(insert_.kinds_[column_] != ValueKind::kText);
  if (column_ == 0) BeginRow();
  if (insert_.is_sqlite_) {
    parameters_.emplace_back(value);
  } else {
    std::get<std::vector<std::int64_t>>(parameters_[column_]).push_back(value);
  }
  EndValue();
  return *this;
}

Insert::Rows& Insert::Rows::Add(const std::string& text) {
  TM_ASSERT(insert_.kinds_[column_] == ValueKind::kText);
  if (column_ == 0) BeginRow();
  if (insert_.is_sqlite_) {
    parameters_.emplace_back(text);
  } else {
    std::get<std::vector<std::string>>(parameters_[column_]).push_back(text);
  }
  bytes_ += text.size();
  EndValue();
  return *this;
}

void Insert::Rows::BeginRow() {
  if (rows_ended_ > 0) return;
  TM_ASSERT(left_ > 0);
  if (insert_.is_sqlite_) {
    size_ = static_cast<std::size_t>(
        std::ranges::find_if(kSizes, [this](std::size_t rows) { return rows <= left_; }) - kSizes);
    rows_ = kSizes[size_];
    parameters_.reserve(rows_ * insert_.kinds_.size());
    return;
  }
  rows_ = left_;
  for (const ValueKind kind : insert_.kinds_) {
    if (kind == ValueKind::kText) {
      std::get<std::vector<std::string>>(parameters_.emplace_back(std::vector<std::string>())).reserve(left_);
    } else {
      std::get<std::vector<std::int64_t>>(parameters_.emplace_back(std::vector<std::int64_t>()))
          .reserve(left_);
    }
  }
}

void Insert::Rows::EndValue() {
  if (++column_ < insert_.kinds_.size()) return;
  column_ = 0;
  ++rows_ended_;
  --left_;
  const bool is_long = !insert_.is_sqlite_ && bytes_ >= kTextBytesEnough;
  if (rows_ended_ < rows_ && !is_long) return;
  calls_.push_back({.statement = insert_.statements_[size_], .parameters = std::exchange(parameters_, {})});
  rows_ended_ = 0;
  bytes_ = 0;
}

}  // namespace tidemill::sql
