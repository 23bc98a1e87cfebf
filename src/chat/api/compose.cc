#include "chat/api/compose.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/percent.h"

namespace tidemill::chat {
namespace {

bool IsWholeNumber(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  return !text.empty() && text.size() <= 19 && !leading_zero && std::ranges::all_of(text, IsDigit);
}

void WriteTexts(JsonWriter& json, std::string_view text) {
  json.BeginArray();
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) json.String(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  json.EndArray();
}

// A text that cannot be of the field's kind stays one, and is refused as that.
void WriteText(JsonWriter& json, const FieldInfo& info, std::string_view text) {
  json.DynamicKey(info.name);
  switch (info.kind) {
    case JsonReader::Kind::kNumber:
    case JsonReader::Kind::kNone:
      if (IsWholeNumber(text)) return json.Raw(text);
      break;
    case JsonReader::Kind::kBool:
      if (text == "1" || text == "true") return json.Bool(true);
      if (text == "0" || text == "false") return json.Bool(false);
      break;
    case JsonReader::Kind::kArray: return WriteTexts(json, text);
    default: break;
  }
  json.String(text);
}

const FieldInfo* FindIn(const Operation& operation, std::string_view name, In in) {
  const auto found = std::ranges::find_if(
      operation.fields, [&](const FieldInfo& each) { return each.in == in && each.name == name; });
  return found == operation.fields.end() ? nullptr : &*found;
}

Outcome<> WriteQuery(const Operation& operation, std::string_view query, JsonWriter& json) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto name = PercentDecode(pair.substr(0, equals), Plus::kBlank);
    const auto value = PercentDecode(pair.substr(std::min(equals + 1, pair.size())), Plus::kBlank);
    if (!name || !value) return Refuse(Code::kInvalid, "the query string is not percent-encoded");
    if (*name == "api_key") continue;  // says who calls
    const FieldInfo* const info = FindIn(operation, *name, In::kQuery);
    if (info == nullptr) return std::unexpected(UnknownField(*name, operation.fields));
    WriteText(json, *info, *value);
  }
  return {};
}

std::string_view TrimJson(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

}  // namespace

Outcome<std::string> Compose(const Operation& operation, const http::Request& request) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  for (const FieldInfo& info : operation.fields) {
    if (info.in != In::kPath) continue;
    const auto value = request.PathParameter(info.name);
    if (!value) return Refuse(Code::kInvalid, "the path is not percent-encoded", std::string(info.name));
    json.DynamicKey(info.name);
    json.String(*value);
  }
  TM_TRY(WriteQuery(operation, request.query, json));
  if (const auto key = request.Header("Idempotency-Key"); key && !operation.info.idempotency_field.empty()) {
    json.DynamicKey(operation.info.idempotency_field);
    json.String(*key);
  }
  const std::string_view body = TrimJson(request.body);
  if (body.empty()) {
    json.EndObject();
    return text;
  }
  // The body's members follow, whatever they are: all of it is checked when it is read.
  if (!body.starts_with('{')) return Refuse(Code::kInvalid, "the body must be a JSON object");
  const std::string_view members = TrimJson(body.substr(1));
  if (!members.starts_with('}') && text.size() > 1) text += ',';
  text += members;
  return text;
}

}  // namespace tidemill::chat
