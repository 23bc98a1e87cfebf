#include "queries/values/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/assert.h"
#include "base/base64.h"
#include "base/json.h"
#include "queries/values/nested_value.h"
#include "queries/values/refusal.h"
#include "queries/values/time_text.h"

namespace tidemill::queries {
namespace {

using sql::Kind;
using Value = Checked<sql::Parameter>;

// pg_type.dat of PostgreSQL.
constexpr std::uint32_t kInt2Oid = 21;
constexpr std::uint32_t kInt4Oid = 23;
constexpr std::uint32_t kFloat4Oid = 700;
constexpr std::uint32_t kXid8Oid = 5038;
constexpr std::uint32_t kUnsignedOids[] = {26, 28, 29};  // oid, xid, cid

// Where neither the file nor the database says a type: SQLite.
bool IsUntyped(const sql::Type& type) { return type.kind == Kind::kText && type.name.empty(); }

std::unexpected<std::string> Must(std::string what, std::string_view shown) {
  return std::unexpected("must be " + std::move(what) + ", and is " + std::string(shown));
}

// How an error shows a JSON value.
std::string ShownJson(std::string_view json) {
  constexpr std::size_t kBytesMax = 60;
  if (json.starts_with('[')) return "an array";
  if (json.starts_with('{')) return "an object";
  if (json.size() <= kBytesMax) return std::string(json);
  if (!json.starts_with('"')) return std::string(json.substr(0, kBytesMax)) + "…";
  JsonReader reader(json);
  return Shown(reader.ReadString());
}

// RFC 8259, section 6.
bool IsNumber(std::string_view text) {
  if (text.empty() || (text.front() != '-' && !IsDigit(text.front())) || !IsDigit(text.back())) return false;
  return IsJson(text);
}

bool IsNotFinite(std::string_view text) { return text == "NaN" || text == "Infinity" || text == "-Infinity"; }

template <class T>
std::optional<T> Parse(std::string_view text) {
  T value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Bounds {
  std::int64_t least;
  std::int64_t most;
};

Bounds BoundsOf(const sql::Type& type) {
  if (type.oid == kInt2Oid) return {-32'768, 32'767};
  if (type.oid == kInt4Oid) return {-2'147'483'648, 2'147'483'647};
  if (std::ranges::find(kUnsignedOids, type.oid) != std::end(kUnsignedOids)) return {0, 4'294'967'295};
  return {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
}

Value Integer(const sql::Type& type, std::string_view text, std::string_view shown) {
  if (type.oid == kXid8Oid) {
    if (Parse<std::uint64_t>(text)) return std::string(text);
    return Must("an integer from 0 to 18446744073709551615", shown);
  }
  const Bounds bounds = BoundsOf(type);
  const auto value = Parse<std::int64_t>(text);
  if (value && *value >= bounds.least && *value <= bounds.most) return *value;
  return Must("an integer from " + std::to_string(bounds.least) + " to " + std::to_string(bounds.most),
              shown);
}

// 5 of 5.0: JSON Schema calls it an integer, and some programs write it so.
std::string_view WithoutZeroFraction(std::string_view json) {
  const std::size_t dot = json.find('.');
  const bool whole = dot != json.npos && json.find_first_not_of('0', dot + 1) == json.npos;
  return whole ? json.substr(0, dot) : json;
}

// Whether a double (or a float) holds it: not too large, and not so small that it would be zero.
bool InRange(const sql::Type& type, std::string_view text) {
  return type.oid == kFloat4Oid ? Parse<float>(text).has_value() : Parse<double>(text).has_value();
}

Value SqliteNumber(const sql::Type& type, std::string_view text, std::string_view shown) {
  if (text == "NaN") return std::unexpected("is NaN, which SQLite does not store");
  if (type.kind != Kind::kFloat) {
    if (const auto integer = Parse<std::int64_t>(text)) return *integer;
  }
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  if (const auto number = Parse<double>(text)) return *number;
  return Must("a number that 64 bits hold", shown);
}

// Postgres gets the text: every digit counts.
Value Number(const sql::Type& type, std::string_view text, std::string_view shown, sql::Dialect dialect) {
  if (!IsNumber(text) && !IsNotFinite(text)) return Must("a number", shown);
  if (dialect == sql::Dialect::kSqlite) return SqliteNumber(type, text, shown);
  if (type.kind == Kind::kFloat && !IsNotFinite(text) && !InRange(type, text)) {
    return Must(type.oid == kFloat4Oid ? "a number that 32 bits hold" : "a number that 64 bits hold", shown);
  }
  return std::string(text);
}

Value Boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return Must("true or false", Shown(text));
}

Value Uuid(std::string_view text) {
  bool fits = text.size() == 36;
  for (std::size_t i = 0; fits && i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    fits = dash ? text[i] == '-' : HexValue(text[i]) >= 0;
  }
  if (!fits) return Must("a UUID like 123e4567-e89b-12d3-a456-426614174000", Shown(text));
  return std::string(text);
}

Value NotAmong(const sql::Type& type, std::string_view shown) {
  constexpr std::size_t kLabelsShown = 30;
  std::string labels;
  for (std::size_t i = 0; i < std::min(type.labels.size(), kLabelsShown); ++i) {
    labels += (i == 0 ? "" : ", ") + type.labels[i];
  }
  if (type.labels.size() > kLabelsShown) labels += ", …";
  return Must("one of " + labels, shown);
}

Value Enum(const sql::Type& type, std::string_view text) {
  if (std::ranges::find(type.labels, text) != type.labels.end()) return std::string(text);
  return NotAmong(type, Shown(text) + NearMiss(text, type.labels));
}

Value Binary(std::string_view text) {
  auto bytes = Base64Decode(text, Base64::kStandard);
  if (!bytes) bytes = Base64Decode(text, Base64::kUrl);
  if (!bytes) return Must("base64", Shown(text));
  return sql::Bytes{*std::move(bytes)};
}

Value Time(const sql::Type& type, std::string_view text) {
  if (auto checked = CheckTime(type.kind, text); !checked) {
    return std::unexpected(std::move(checked).error() + ", and is " + Shown(text));
  }
  return std::string(text);
}

Value AsValue(Checked<std::string> literal) {
  if (!literal) return std::unexpected(std::move(literal).error());
  return *std::move(literal);
}

Value Array(const sql::Type& type, std::string_view json, sql::Dialect dialect) {
  if (type.element) {
    return AsValue(dialect == sql::Dialect::kPostgres ? ArrayLiteral(type, json) : ArrayJson(type, json));
  }
  if (!json.starts_with('[')) return Must("an array", ShownJson(json));
  return std::string(json);
}

Value Composite(const sql::Type& type, std::string_view json, sql::Dialect dialect) {
  if (dialect == sql::Dialect::kPostgres && !type.attributes.empty())
    return AsValue(RecordLiteral(type, json));
  if (!json.starts_with('{')) return Must("an object", ShownJson(json));
  return std::string(json);
}

std::string_view TrimJson(std::string_view json) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = json.find_first_not_of(kBlanks);
  if (begin == json.npos) return "";
  return json.substr(begin, json.find_last_not_of(kBlanks) - begin + 1);
}

// What a JSON text within a text is.
Value JsonText(const sql::Type& type, std::string_view text, sql::Dialect dialect) {
  if (!IsJson(text)) return Must("JSON", Shown(text));
  const std::string_view json = TrimJson(text);
  if (type.kind == Kind::kArray) return Array(type, json, dialect);
  if (type.kind == Kind::kComposite) return Composite(type, json, dialect);
  return std::string(text);
}

// Whatever it is, it is bound as what it looks like.
Value Untyped(std::string_view json, const std::string& text) {
  switch (json.front()) {
    case '"': return text;
    case 't': return true;
    case 'f': return false;
    case '[':
    case '{': return std::string(json);
    default: return SqliteNumber(sql::Type{.kind = Kind::kNumeric}, json, ShownJson(json));
  }
}

std::string ExpectedOf(const sql::Type& type) {
  switch (type.kind) {
    case Kind::kBytes: return "a text of base64";
    case Kind::kDate: return "a text: a date like \"2026-11-27\"";
    case Kind::kTimestamp: return "a text: a time like \"2026-11-27T10:00:00\"";
    case Kind::kTimestampTz: return "a text: a time like \"2026-11-27T10:00:00Z\"";
    case Kind::kUuid: return "a text: a UUID";
    default: return "a text";
  }
}

// Whether a JSON text may stand for a number: JavaScript's hold 53 bits, and none is NaN.
bool TakesNumberAsText(const sql::Type& type, std::string_view text) {
  if (type.kind == Kind::kInteger) return BoundsOf(type).most > 4'294'967'295;
  return type.kind == Kind::kNumeric || IsNotFinite(text);
}

Value FromJsonText(const sql::Type& type, std::string_view json, sql::Dialect dialect) {
  JsonReader reader(json);
  const std::string text = reader.ReadString();
  if (!reader.Finish()) return std::unexpected("has half of a surrogate pair");
  if (text.contains('\0')) return std::unexpected("has a zero character");
  switch (type.kind) {
    case Kind::kBoolean: return Must("true or false", ShownJson(json));
    case Kind::kArray: return Must("an array", ShownJson(json));
    case Kind::kComposite: return Must("an object", ShownJson(json));
    case Kind::kInteger:
    case Kind::kFloat:
    case Kind::kNumeric:
      if (!TakesNumberAsText(type, text)) {
        return Must(type.kind == Kind::kInteger ? "an integer" : "a number", ShownJson(json));
      }
      break;
    default: break;
  }
  if (IsUntyped(type)) return Untyped(json, text);
  return FromText(type, text, dialect);
}

}  // namespace

Value FromText(const sql::Type& type, std::string_view text, sql::Dialect dialect) {
  switch (type.kind) {
    case Kind::kBoolean: return Boolean(text);
    case Kind::kInteger: return Integer(type, text, Shown(text));
    case Kind::kFloat:
    case Kind::kNumeric: return Number(type, text, Shown(text), dialect);
    case Kind::kBytes: return Binary(text);
    case Kind::kDate:
    case Kind::kTimestamp:
    case Kind::kTimestampTz: return Time(type, text);
    case Kind::kUuid: return Uuid(text);
    case Kind::kEnum: return Enum(type, text);
    case Kind::kJson:
    case Kind::kArray:
    case Kind::kComposite: return JsonText(type, text, dialect);
    case Kind::kNull:
    case Kind::kText: return std::string(text);
  }
  return std::string(text);
}

Value FromTexts(const sql::Type& type, std::span<const std::string> texts, sql::Dialect dialect) {
  TM_ASSERT(type.element != nullptr);
  return AsValue(dialect == sql::Dialect::kPostgres ? ArrayLiteral(type, texts) : ArrayJson(type, texts));
}

Value FromJson(const sql::Type& type, std::string_view json, sql::Dialect dialect) {
  if (json == "null") return sql::Null();
  if (type.kind == Kind::kJson) return std::string(json);
  if (json.starts_with('"')) return FromJsonText(type, json, dialect);
  switch (type.kind) {
    case Kind::kBoolean:
      if (json == "true" || json == "false") return json == "true";
      return Must("true or false", ShownJson(json));
    case Kind::kInteger: return Integer(type, WithoutZeroFraction(json), ShownJson(json));
    case Kind::kFloat:
    case Kind::kNumeric: return Number(type, json, ShownJson(json), dialect);
    case Kind::kArray: return Array(type, json, dialect);
    case Kind::kComposite: return Composite(type, json, dialect);
    default: break;
  }
  if (IsUntyped(type)) return Untyped(json, "");
  if (type.kind == Kind::kEnum) return NotAmong(type, ShownJson(json));
  return Must(ExpectedOf(type), ShownJson(json));
}

Value FromDefault(const sql::Type& type, const files::DefaultValue& value, sql::Dialect dialect) {
  using enum files::DefaultValue::Kind;
  if (value.kind == kNull) return sql::Null();
  if (!IsUntyped(type) || value.kind == kText) return FromText(type, value.text, dialect);
  if (value.kind == kBoolean) return value.text == "true";
  return SqliteNumber(sql::Type{.kind = Kind::kNumeric}, value.text, Shown(value.text));
}

}  // namespace tidemill::queries
