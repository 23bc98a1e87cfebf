#include "sqlite/values.h"

#include <sqlite3.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <variant>

#include "base/ascii.h"
#include "base/json_writer.h"

namespace tidemill::sqlite {
namespace {

using sql::Kind;

int BindText(sqlite3_stmt* statement, int number, std::string_view text, sqlite3_destructor_type lifetime) {
  // A null pointer would be NULL.
  return sqlite3_bind_text64(statement, number, text.data() == nullptr ? "" : text.data(), text.size(),
                             lifetime, SQLITE_UTF8);
}

struct Binder {
  sqlite3_stmt* statement;
  int number;

  int operator()(sql::Null) const { return sqlite3_bind_null(statement, number); }
  int operator()(bool value) const { return sqlite3_bind_int64(statement, number, value ? 1 : 0); }
  int operator()(std::int64_t value) const { return sqlite3_bind_int64(statement, number, value); }
  // What is not a number becomes NULL.
  int operator()(double value) const { return sqlite3_bind_double(statement, number, value); }
  int operator()(const std::string& value) const { return BindText(statement, number, value, SQLITE_STATIC); }
  int operator()(const sql::Bytes& bytes) const {
    return sqlite3_bind_blob64(statement, number, bytes.value.data(), bytes.value.size(), SQLITE_STATIC);
  }
  template <class T>
  int operator()(const std::vector<T>& list) const {
    return BindText(statement, number, ToJson(list), SQLITE_TRANSIENT);
  }
};

void AppendDouble(double value, std::string& out) {
  if (std::isinf(value)) {
    out += value > 0 ? "Infinity" : "-Infinity";
    return;
  }
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end);
}

}  // namespace

std::string_view ViewOf(const void* data, int bytes) {
  return data == nullptr ? std::string_view{}
                         : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(bytes));
}

int Bind(sqlite3_stmt* statement, int number, const sql::Parameter& parameter) {
  return std::visit(Binder{statement, number}, parameter);
}

std::string ToJson(const std::vector<std::int64_t>& list) {
  std::string text = "[";
  for (const std::int64_t value : list) {
    if (text.size() > 1) text += ',';
    AppendSigned(value, text);
  }
  return text += ']';
}

std::string ToJson(const std::vector<std::string>& list) {
  std::string text = "[";
  for (const std::string& value : list) {
    if (text.size() > 1) text += ',';
    AppendJsonString(value, text);
  }
  return text += ']';
}

// The rules of sqlite.org/datatype3.html, section 3.1, and the words that say
// more.
Kind KindOfDeclared(std::string_view declared) {
  std::string name(declared);
  for (char& c : name) c = ToLower(c);
  if (name.starts_with("bool")) return Kind::kBoolean;
  if (name.starts_with("json")) return Kind::kJson;
  if (name.contains("int")) return Kind::kInteger;
  if (name.contains("char") || name.contains("clob") || name.contains("text")) return Kind::kText;
  if (name.contains("blob")) return Kind::kBytes;
  if (name.contains("real") || name.contains("floa") || name.contains("doub")) return Kind::kFloat;
  if (name.starts_with("numeric") || name.starts_with("decimal")) return Kind::kNumeric;
  return Kind::kText;
}

sql::Columns ColumnsOf(sqlite3_stmt* statement) {
  static const auto kUntyped = std::make_shared<const sql::Type>();
  sql::Columns columns;
  const int count = sqlite3_column_count(statement);
  for (int i = 0; i < count; ++i) {
    const char* const name = sqlite3_column_name(statement, i);
    const char* const declared = sqlite3_column_decltype(statement, i);
    columns.push_back({.name = name == nullptr ? "" : name,
                       .type = declared == nullptr
                                   ? kUntyped
                                   : std::make_shared<const sql::Type>(
                                         sql::Type{.kind = KindOfDeclared(declared), .name = declared})});
  }
  return columns;
}

std::vector<sql::ColumnOrigin> OriginsOf(sqlite3_stmt* statement) {
  const auto text = [](const char* name) { return std::string(name == nullptr ? "" : name); };
  std::vector<sql::ColumnOrigin> origins;
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    origins.push_back({.table = text(sqlite3_column_table_name(statement, i)),
                       .column = text(sqlite3_column_origin_name(statement, i))});
  }
  return origins;
}

std::optional<sql::Row> RowBuffer::Read(sqlite3_stmt* statement, std::uint64_t bytes_max) {
  bytes_.clear();
  slots_.clear();
  const int count = sqlite3_column_count(statement);
  for (int i = 0; i < count; ++i) {
    Append(statement, i);
    if (bytes_.size() > bytes_max) return std::nullopt;
  }
  return sql::Row(bytes_.data(), slots_);
}

void RowBuffer::Append(sqlite3_stmt* statement, int column) {
  sql::Row::Slot slot{.offset = static_cast<std::uint32_t>(bytes_.size())};
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      slot.kind = Kind::kInteger;
      AppendSigned(sqlite3_column_int64(statement, column), bytes_);
      break;
    case SQLITE_FLOAT:
      slot.kind = Kind::kFloat;
      AppendDouble(sqlite3_column_double(statement, column), bytes_);
      break;
    case SQLITE_TEXT: {
      slot.kind = Kind::kText;
      const auto* const text = sqlite3_column_text(statement, column);
      bytes_ += ViewOf(text, sqlite3_column_bytes(statement, column));
      break;
    }
    case SQLITE_BLOB: {
      slot.kind = Kind::kBytes;
      const void* const blob = sqlite3_column_blob(statement, column);
      bytes_ += ViewOf(blob, sqlite3_column_bytes(statement, column));
      break;
    }
    default: break;
  }
  slot.bytes = static_cast<std::uint32_t>(bytes_.size()) - slot.offset;
  slots_.push_back(slot);
}

}  // namespace tidemill::sqlite
