#include "stores/probe/request.h"

#include <charconv>
#include <utility>

#include "base/base64.h"
#include "base/json.h"
#include "sql/json.h"

namespace tidemill::probe {
namespace {

template <class T>
T ToNumber(const std::string& text) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::vector<std::string> ReadTexts(JsonReader& json) {
  std::vector<std::string> texts;
  json.EnterArray();
  while (json.NextElement()) texts.push_back(json.ReadString());
  return texts;
}

// What follows the parameter's word.
sql::Parameter ReadValue(const std::string& word, JsonReader& json) {
  if (word == "bool") return json.ReadBool();
  if (word == "int") return ToNumber<std::int64_t>(json.ReadString());
  if (word == "double") return ToNumber<double>(json.ReadString());
  if (word == "text") return json.ReadString();
  if (word == "bytes") return sql::Bytes{Base64Decode(json.ReadString(), Base64::kStandard).value_or("")};
  if (word == "texts") return ReadTexts(json);
  std::vector<std::int64_t> numbers;
  for (const std::string& text : ReadTexts(json)) numbers.push_back(ToNumber<std::int64_t>(text));
  return numbers;
}

sql::Parameter ReadParameter(JsonReader& json) {
  json.EnterArray();
  json.NextElement();
  const std::string word = json.ReadString();
  sql::Parameter parameter = sql::Null{};
  if (json.NextElement()) {
    parameter = ReadValue(word, json);
    json.NextElement();
  }
  return parameter;
}

std::string_view Name(sql::Kind kind) {
  constexpr std::string_view kNames[] = {"null",        "boolean", "integer", "float", "numeric",
                                         "text",        "bytes",   "json",    "date",  "timestamp",
                                         "timestamptz", "uuid",    "enum",    "array", "composite"};
  return kNames[static_cast<std::size_t>(kind)];
}

void AppendTexts(const sql::Rows& rows, JsonWriter& json) {
  json.Key("texts");
  json.BeginArray();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    json.BeginArray();
    for (std::size_t column = 0; column < rows[i].size(); ++column) {
      const sql::Field field = rows[i][column];
      if (field.is_null()) {
        json.Null();
      } else if (field.kind == sql::Kind::kBytes) {
        json.String(Base64Encode(field.text, Base64::kStandard));
      } else {
        json.String(field.text);
      }
    }
    json.EndArray();
  }
  json.EndArray();
  json.Key("kinds");
  json.BeginArray();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    json.BeginArray();
    for (std::size_t column = 0; column < rows[i].size(); ++column) json.String(Name(rows[i][column].kind));
    json.EndArray();
  }
  json.EndArray();
}

}  // namespace

Result<Request> ParseRequest(std::string_view line) {
  Request request;
  JsonReader json(line);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "sql") {
      request.sql = json.ReadString();
    } else if (*key == "access") {
      if (json.ReadString() == "read") request.access = sql::Access::kRead;
    } else if (*key == "parameters") {
      json.EnterArray();
      while (json.NextElement()) request.parameters.push_back(ReadParameter(json));
    }
  }
  TM_TRY(json.Finish());
  return request;
}

std::string AnswerOf(const sql::Result<sql::RunResult>& result) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  if (result) {
    json.Key("json");
    json.RawOnOneLine(sql::ToJson(result->rows, sql::JsonShape::kArray));
    AppendTexts(result->rows, json);
    json.Member("affected", result->rows_affected);
  } else {
    json.Key("failure");
    json.BeginObject();
    json.Member("kind", Name(result.error().kind));
    json.Member("code", result.error().code);
    json.Member("message", result.error().message);
    json.EndObject();
  }
  json.EndObject();
  return text;
}

}  // namespace tidemill::probe
