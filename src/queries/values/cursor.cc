#include "queries/values/cursor.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "base/base64.h"
#include "base/json.h"
#include "base/utf8.h"
#include "queries/files/file_set.h"

namespace tidemill::queries {
namespace {

// A value begins with a letter that says what it is bound as.
std::string Tagged(const sql::Field& value, sql::Dialect dialect) {
  if (value.kind == sql::Kind::kBytes) return "b" + Base64Encode(value.text, Base64::kUrl);
  if (dialect == sql::Dialect::kSqlite && value.kind == sql::Kind::kInteger)
    return "i" + std::string(value.text);
  if (dialect == sql::Dialect::kSqlite && value.kind == sql::Kind::kFloat)
    return "f" + std::string(value.text);
  // SQLite's texts may be anything.
  if (!IsUtf8(value.text) || value.text.contains('\0')) return "u" + Base64Encode(value.text, Base64::kUrl);
  return "t" + std::string(value.text);
}

template <class T>
std::optional<sql::Parameter> Number(std::string_view text) {
  T value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<sql::Parameter> Untagged(std::string_view tagged) {
  if (tagged.empty() || tagged.contains('\0')) return std::nullopt;
  const std::string_view text = tagged.substr(1);
  switch (tagged.front()) {
    case 't': return std::string(text);
    case 'i': return Number<std::int64_t>(text);
    case 'f': return Number<double>(text);
    default: break;
  }
  auto bytes = Base64Decode(text, Base64::kUrl);
  if (!bytes) return std::nullopt;
  if (tagged.front() == 'b') return sql::Bytes{*std::move(bytes)};
  if (tagged.front() == 'u') return *std::move(bytes);
  return std::nullopt;
}

}  // namespace

std::string MakeCursor(std::string_view purpose, std::span<const sql::Field> values, sql::Dialect dialect) {
  std::string json;
  JsonWriter writer(json);
  writer.BeginArray();
  writer.String(purpose);
  for (const sql::Field& value : values) writer.String(Tagged(value, dialect));
  writer.EndArray();
  return Base64Encode(json, Base64::kUrl);
}

std::expected<sql::Parameters, std::string> ReadCursor(std::string_view purpose, std::size_t values,
                                                       std::string_view cursor) {
  const auto refused =
      std::unexpected<std::string>("is no cursor of this endpoint, or one of its earlier form");
  const auto json = Base64Decode(cursor, Base64::kUrl);
  if (!json) return refused;
  JsonReader reader(*json);
  sql::Parameters read;
  reader.EnterArray();
  if (!reader.NextElement() || reader.ReadString() != purpose) return refused;
  while (reader.NextElement()) {
    auto value = Untagged(reader.ReadString());
    if (!value || read.size() == values) return refused;
    read.push_back(*std::move(value));
  }
  if (!reader.Finish() || read.size() != values) return refused;
  return read;
}

std::expected<std::vector<std::size_t>, std::string> KeysetColumns(const Endpoint& endpoint) {
  std::vector<std::size_t> columns;
  for (const std::string& name : endpoint.query->page->keyset) {
    const auto found = std::ranges::find(endpoint.columns, name, &EndpointColumn::name);
    if (found == endpoint.columns.end()) {
      return std::unexpected("@page keyset: the statement gives no column " + name);
    }
    columns.push_back(static_cast<std::size_t>(found - endpoint.columns.begin()));
  }
  return columns;
}

std::string CursorPurpose(const Endpoint& endpoint, const std::vector<std::size_t>& columns) {
  std::string form = endpoint.operation_id + (endpoint.query->page->descending ? "\n<" : "\n>");
  for (const std::size_t column : columns) {
    form += '\n' + endpoint.columns[column].name + ' ' + endpoint.columns[column].type->name;
  }
  constexpr std::size_t kDigits = 12;
  return files::Sha256(form).substr(0, kDigits);
}

}  // namespace tidemill::queries
