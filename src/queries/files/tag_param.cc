#include "queries/files/tag_param.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/ascii.h"
#include "base/utf8.h"
#include "queries/files/lexer.h"

namespace tidemill::files {
namespace {

constexpr std::size_t kDocBytes = 1000;

std::optional<ParameterSource> SourceNamed(std::string_view name) {
  if (name == "path") return ParameterSource::kPath;
  if (name == "query") return ParameterSource::kQuery;
  if (name == "body") return ParameterSource::kBody;
  if (name == "claim") return ParameterSource::kClaim;
  return std::nullopt;
}

// "[schema.]name" and any number of "[]".
bool IsType(std::string_view text) {
  while (text.ends_with("[]")) text.remove_suffix(2);
  return IsName(text, NameRule::kTable);
}

struct IntegerType {
  std::string_view name;
  std::int64_t min;
  std::int64_t max;
};
constexpr std::int64_t k32 = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t k64 = std::numeric_limits<std::int64_t>::max();
constexpr std::array<IntegerType, 8> kIntegers = {{{"smallint", -32768, 32767},
                                                   {"int2", -32768, 32767},
                                                   {"int", -k32 - 1, k32},
                                                   {"int4", -k32 - 1, k32},
                                                   {"integer", -k32 - 1, k32},
                                                   {"bigint", -k64 - 1, k64},
                                                   {"int8", -k64 - 1, k64},
                                                   {"oid", 0, 4'294'967'295}}};
constexpr std::array<std::string_view, 6> kNumbers = {"float4", "float8", "real",
                                                      "float",  "double", "numeric"};

bool IsNumber(std::string_view text) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size() && std::isfinite(value) &&
         (IsDigit(text.back()) || text.back() == '.');
}

bool IsIntegerWithin(std::string_view text, const IntegerType& type) {
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size() && value >= type.min &&
         value <= type.max;
}

// Why the default cannot be of its type; "": it can, or only the database knows.
std::string WhyNotOfType(const DefaultValue& value, const std::string& declared) {
  using enum DefaultValue::Kind;
  if (value.kind == kNull || declared.empty()) return {};
  const std::string type = ToLower(declared);
  for (const IntegerType& integer : kIntegers) {
    if (integer.name != type) continue;
    if (value.kind != kNumber || !IsIntegerWithin(value.text, integer)) return "is no " + type;
  }
  for (const std::string_view number : kNumbers) {
    if (number == type && value.kind != kNumber) return "is no " + type;
  }
  if ((type == "bool" || type == "boolean") && value.kind != kBoolean) {
    return "is no " + type + ": true or false";
  }
  if ((type == "text" || type == "varchar") && value.kind != kText) return "is no text: write 'it' in quotes";
  return {};
}

std::optional<DefaultValue> ReadDefault(TagReader& reader) {
  using enum DefaultValue::Kind;
  const Word* word = reader.words.Next();
  if (word == nullptr) {
    reader.FailMissing("the default behind =");
    return std::nullopt;
  }
  if (word->kind == Word::Kind::kSingleQuoted) return DefaultValue{.kind = kText, .text = word->text};
  if (word->kind == Word::Kind::kPlain) {
    const std::string lower = ToLower(word->text);
    if (lower == "null") return DefaultValue{};
    if (lower == "true" || lower == "false") return DefaultValue{.kind = kBoolean, .text = lower};
    if (IsNumber(word->text)) return DefaultValue{.kind = kNumber, .text = word->text};
  }
  reader.Fail(word->where, "no default: null, true, false, a number or 'text' in single quotes");
  return std::nullopt;
}

// "int!", "!", "text": the type and whether it is required.
bool ReadType(TagReader& reader, const Word& word, Declaration& out) {
  std::string_view text = word.text;
  if (text.ends_with('!')) {
    out.required = true;
    text.remove_suffix(1);
  }
  if (!text.empty() && !IsType(text)) {
    reader.Fail(word.where, word.text + " is no type: one word, like int, float8, timestamptz or text[]");
    return false;
  }
  if (!text.empty() && !out.type.empty()) {
    reader.Fail(word.where, "a second type; types have one word, like float8 or timestamptz");
    return false;
  }
  out.type = text.empty() ? out.type : std::string(text);
  return true;
}

bool ReadName(TagReader& reader, Declaration& out) {
  const Word* const word = reader.words.Next();
  if (word == nullptr) {
    reader.FailMissing("the parameter's name");
    return false;
  }
  std::string_view name = word->text;
  out.where = word->where;
  if (name.starts_with(':')) name.remove_prefix(1);
  if (name.ends_with('!')) {
    name.remove_suffix(1);
    out.required = true;
  }
  if (word->kind != Word::Kind::kPlain || !IsParameterName(name)) {
    reader.Fail(word->where, word->text + " is no name of a parameter");
    return false;
  }
  out.name = name;
  return true;
}

bool ReadWord(TagReader& reader, const Word& word, Declaration& out) {
  if (word.kind == Word::Kind::kDoubleQuoted) {
    if (!out.doc.empty()) {
      reader.FailUnexpected(word);
      return false;
    }
    out.doc = CutUtf8(word.text, kDocBytes);
    return true;
  }
  if (word.kind != Word::Kind::kPlain) {
    reader.FailUnexpected(word);
    return false;
  }
  if (const auto source = SourceNamed(word.text)) {
    if (out.source) {
      reader.Fail(word.where, "a second source");
      return false;
    }
    out.source = source;
    return true;
  }
  return ReadType(reader, word, out);
}

}  // namespace

std::optional<Declaration> ReadParam(TagReader& reader) {
  Declaration out;
  if (!ReadName(reader, out)) return std::nullopt;
  while (!reader.words.AtEnd()) {
    if (!reader.words.TakeEquals()) {
      if (!ReadWord(reader, *reader.words.Next(), out)) return std::nullopt;
      continue;
    }
    const Range where = reader.words.AtEnd() ? reader.where() : reader.words.Peek()->where;
    if (out.default_value) {
      reader.Fail(where, "a second default");
      return std::nullopt;
    }
    out.default_value = ReadDefault(reader);
    if (!out.default_value) return std::nullopt;
    if (const std::string why = WhyNotOfType(*out.default_value, out.type); !why.empty()) {
      reader.Fail(where, "the default " + why);
      return std::nullopt;
    }
  }
  if (out.required && out.default_value) {
    reader.Fail(out.where, out.name + " is required (!), so its default would never be used");
    return std::nullopt;
  }
  return out;
}

}  // namespace tidemill::files
