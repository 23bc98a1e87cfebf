#include "queries/openapi/type_schema.h"

#include <cstdint>
#include <limits>
#include <string_view>

namespace tidemill::queries {
namespace {

using sql::Kind;

// pg_type.dat of PostgreSQL.
constexpr std::uint32_t kInt2Oid = 21;
constexpr std::uint32_t kInt4Oid = 23;

void WriteJsonType(std::string_view name, Nullable nullable, JsonWriter& json) {
  json.Key("type");
  if (nullable == Nullable::kNo) return json.String(name);
  json.BeginArray();
  json.String(name);
  json.String("null");
  json.EndArray();
}

template <class T>
void WriteBounds(JsonWriter& json) {
  json.Member("minimum", std::int64_t{std::numeric_limits<T>::min()});
  json.Member("maximum", std::int64_t{std::numeric_limits<T>::max()});
}

void WriteInteger(const sql::Type& type, Nullable nullable, JsonWriter& json) {
  WriteJsonType("integer", nullable, json);
  if (type.oid == kInt2Oid) {
    json.Member("format", "int16");
    return WriteBounds<std::int16_t>(json);
  }
  json.Member("format", type.oid == kInt4Oid ? "int32" : "int64");
  if (type.oid == kInt4Oid) return WriteBounds<std::int32_t>(json);
  WriteBounds<std::int64_t>(json);
}

void WriteText(Nullable nullable, std::string_view format, std::string_view example, JsonWriter& json) {
  WriteJsonType("string", nullable, json);
  if (!format.empty()) json.Member("format", format);
  if (example.empty()) return;
  json.Key("examples");
  json.BeginArray();
  json.String(example);
  json.EndArray();
}

void WriteEnum(const sql::Type& type, Nullable nullable, JsonWriter& json) {
  WriteJsonType("string", nullable, json);
  json.Key("enum");
  json.BeginArray();
  for (const std::string& label : type.labels) json.String(label);
  if (nullable == Nullable::kYes) json.Null();
  json.EndArray();
}

void WriteArray(const sql::Type& type, Nullable nullable, JsonWriter& json) {
  WriteJsonType("array", nullable, json);
  json.Key("items");
  json.BeginObject();
  if (type.element) WriteTypeSchema(*type.element, Nullable::kNo, json);
  json.EndObject();
}

void WriteComposite(const sql::Type& type, Nullable nullable, JsonWriter& json) {
  WriteJsonType("object", nullable, json);
  json.Key("properties");
  json.BeginObject();
  for (const sql::Attribute& attribute : type.attributes) {
    json.DynamicKey(attribute.name);
    json.BeginObject();
    if (attribute.type) WriteTypeSchema(*attribute.type, Nullable::kYes, json);
    json.EndObject();
  }
  json.EndObject();
}

}  // namespace

void WriteTypeSchema(const sql::Type& type, Nullable nullable, JsonWriter& json) {
  switch (type.kind) {
    case Kind::kBoolean: return WriteJsonType("boolean", nullable, json);
    case Kind::kInteger: return WriteInteger(type, nullable, json);
    case Kind::kFloat: WriteJsonType("number", nullable, json); return json.Member("format", "double");
    case Kind::kNumeric: return WriteJsonType("number", nullable, json);
    case Kind::kBytes:
      WriteText(nullable, "", "aGVsbG8=", json);
      return json.Member("contentEncoding", "base64");
    case Kind::kDate: return WriteText(nullable, "date", "2026-11-27", json);
    // Without an offset it is no date-time of RFC 3339.
    case Kind::kTimestamp: return WriteText(nullable, "", "2026-11-27T10:00:00", json);
    case Kind::kTimestampTz: return WriteText(nullable, "date-time", "2026-11-27T10:00:00Z", json);
    case Kind::kUuid: return WriteText(nullable, "uuid", "", json);
    case Kind::kEnum: return WriteEnum(type, nullable, json);
    case Kind::kArray: return WriteArray(type, nullable, json);
    case Kind::kComposite: return WriteComposite(type, nullable, json);
    case Kind::kText:
      // Without a declared type a value of SQLite may be anything.
      if (!type.name.empty()) WriteText(nullable, "", "", json);
      return;
    case Kind::kJson:
    case Kind::kNull: return;
  }
}

}  // namespace tidemill::queries
