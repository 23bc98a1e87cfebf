#include "queries/values/nested_value.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/base64.h"
#include "base/hex.h"
#include "base/json.h"
#include "queries/values/refusal.h"
#include "sql/nested_text.h"

namespace tidemill::queries {
namespace {

constexpr std::uint32_t kBoxOid = 603;

struct TextOf {
  std::string operator()(bool value) const { return value ? "t" : "f"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(std::string& value) const { return std::move(value); }
  std::string operator()(const sql::Bytes& bytes) const { return "\\x" + HexEncode(bytes.value); }
  // No type of Postgres becomes these.
  template <class T>
  std::string operator()(const T&) const {
    return "";
  }
};

bool NeedsNoQuotes(sql::Kind kind) {
  return kind == sql::Kind::kInteger || kind == sql::Kind::kFloat || kind == sql::Kind::kNumeric ||
         kind == sql::Kind::kBoolean;
}

void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

// In a record a quote is doubled; a backslash, too.
void AppendField(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += c;
    out += c;
  }
  out += '"';
}

std::unexpected<std::string> WrongElement(std::size_t number, std::string problem) {
  return std::unexpected("has an element, number " + std::to_string(number) + ", that " + std::move(problem));
}

std::unexpected<std::string> TooManyElements() {
  return std::unexpected("has more than " + std::to_string(kArrayElementsMax) + " elements");
}

struct AppendAsJson {
  JsonWriter& json;
  void operator()(bool value) const { json.Bool(value); }
  void operator()(std::int64_t value) const { json.Integer(value); }
  void operator()(double value) const { json.Double(value); }
  void operator()(const std::string& value) const { json.String(value); }
  void operator()(const sql::Bytes& bytes) const {
    json.String(Base64Encode(bytes.value, Base64::kStandard));
  }
  template <class T>
  void operator()(const T&) const {
    json.Null();
  }
};

class ArrayWriter {
 public:
  explicit ArrayWriter(const sql::Type& array)
      : element_(*array.element), delimiter_(element_.oid == kBoxOid ? ';' : ',') {}

  Checked<std::string> Write(std::string_view json) {
    JsonReader reader(json);
    if (reader.Peek() != JsonReader::Kind::kArray) return std::unexpected("must be an array");
    if (auto written = Level(reader, 0); !written) return std::unexpected(std::move(written).error());
    // An array without elements has no dimensions.
    return count_ == 0 ? "{}" : std::move(out_);
  }

  Checked<std::string> Write(std::span<const std::string> texts) {
    out_ += '{';
    for (const std::string& text : texts) {
      if (&text != &texts.front()) out_ += delimiter_;
      if (auto put = Put(FromText(element_, text, sql::Dialect::kPostgres)); !put) return put;
    }
    out_ += '}';
    return std::move(out_);
  }

 private:
  bool IsLevel(JsonReader& reader) const {
    return reader.Peek() == JsonReader::Kind::kArray && element_.kind != sql::Kind::kJson;
  }

  // One array, and those in it. They must be alike: as long as each other, and as deep.
  Checked<std::string> Level(JsonReader& reader, std::size_t depth) {
    if (depth >= sql::ArrayText::kDimensionsMax)
      return std::unexpected("has more than 6 arrays in each other");
    std::size_t length = 0;
    out_ += '{';
    for (reader.EnterArray(); reader.NextElement(); ++length) {
      if (length > 0) out_ += delimiter_;
      const bool deeper = IsLevel(reader);
      if (leaf_depth_.value_or(depth) != depth && !deeper) return Uneven();
      if (deeper && leaf_depth_ == depth) return Uneven();
      auto put = deeper ? Level(reader, depth + 1) : Leaf(reader.ReadRaw(), depth);
      if (!put) return put;
    }
    out_ += '}';
    if (lengths_.size() <= depth) lengths_.resize(depth + 1);
    if (lengths_[depth].value_or(length) != length) return Uneven();
    lengths_[depth] = length;
    return std::string();
  }

  Checked<std::string> Leaf(std::string_view json, std::size_t depth) {
    leaf_depth_ = depth;
    return Put(FromJson(element_, json, sql::Dialect::kPostgres));
  }

  Checked<std::string> Put(Checked<sql::Parameter> value) {
    if (++count_ > kArrayElementsMax) return TooManyElements();
    if (!value) return WrongElement(count_, std::move(value).error());
    if (std::holds_alternative<sql::Null>(*value)) {
      out_ += "NULL";
    } else if (NeedsNoQuotes(element_.kind)) {
      out_ += std::visit(TextOf(), *value);
    } else {
      AppendQuoted(std::visit(TextOf(), *value), out_);
    }
    return std::string();
  }

  static Checked<std::string> Uneven() {
    return std::unexpected("must have arrays of the same length in it, as Postgres' arrays have");
  }

  const sql::Type& element_;
  const char delimiter_;
  std::string out_;
  std::size_t count_ = 0;  // of what is no array itself
  std::optional<std::size_t> leaf_depth_;
  std::vector<std::optional<std::size_t>> lengths_;  // by depth
};

Checked<std::vector<std::optional<std::string_view>>> AttributesOf(const sql::Type& type,
                                                                   std::string_view json) {
  std::vector<std::optional<std::string_view>> values(type.attributes.size());
  JsonReader reader(json);
  if (reader.Peek() != JsonReader::Kind::kObject) return std::unexpected("must be an object");
  reader.EnterObject();
  while (const auto key = reader.NextKey()) {
    const auto found = std::ranges::find(type.attributes, *key, &sql::Attribute::name);
    if (found == type.attributes.end()) {
      std::vector<std::string> names;
      for (const sql::Attribute& attribute : type.attributes) names.push_back(attribute.name);
      return std::unexpected("has no attribute " + Shown(*key) + NearMiss(*key, names));
    }
    auto& value = values[static_cast<std::size_t>(found - type.attributes.begin())];
    if (value) return std::unexpected("has the attribute " + found->name + " twice");
    value = reader.ReadRaw();
  }
  return values;
}

}  // namespace

Checked<std::string> ArrayLiteral(const sql::Type& array, std::string_view json) {
  return ArrayWriter(array).Write(json);
}

Checked<std::string> ArrayLiteral(const sql::Type& array, std::span<const std::string> texts) {
  return ArrayWriter(array).Write(texts);
}

Checked<std::string> ArrayJson(const sql::Type& array, std::string_view json) {
  JsonReader reader(json);
  if (reader.Peek() != JsonReader::Kind::kArray) return std::unexpected("must be an array");
  std::size_t count = 0;
  for (reader.EnterArray(); reader.NextElement();) {
    if (++count > kArrayElementsMax) return TooManyElements();
    auto value = FromJson(*array.element, reader.ReadRaw(), sql::Dialect::kSqlite);
    if (!value) return WrongElement(count, std::move(value).error());
  }
  return std::string(json);
}

Checked<std::string> ArrayJson(const sql::Type& array, std::span<const std::string> texts) {
  std::string out;
  JsonWriter json(out);
  json.BeginArray();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i == kArrayElementsMax) return TooManyElements();
    auto value = FromText(*array.element, texts[i], sql::Dialect::kSqlite);
    if (!value) return WrongElement(i + 1, std::move(value).error());
    std::visit(AppendAsJson{json}, *value);
  }
  json.EndArray();
  return out;
}

Checked<std::string> RecordLiteral(const sql::Type& composite, std::string_view json) {
  auto values = AttributesOf(composite, json);
  if (!values) return std::unexpected(std::move(values).error());
  std::string out = "(";
  for (std::size_t i = 0; i < values->size(); ++i) {
    if (i > 0) out += ',';
    if (!(*values)[i]) continue;
    const sql::Attribute& attribute = composite.attributes[i];
    auto value = FromJson(*attribute.type, *(*values)[i], sql::Dialect::kPostgres);
    if (!value) return std::unexpected("has an attribute, " + attribute.name + ", that " + value.error());
    if (!std::holds_alternative<sql::Null>(*value)) AppendField(std::visit(TextOf(), *value), out);
  }
  return out += ')';
}

}  // namespace tidemill::queries
