#include "config/json_value.h"

#include "base/json.h"
#include "config/secret.h"
#include "config/value.h"

namespace tidemill::config {
namespace {

bool HasNull(JsonReader& json) {
  bool has_null = false;
  switch (json.Peek()) {
    case JsonReader::Kind::kObject:
      json.EnterObject();
      while (json.NextKey()) has_null = HasNull(json) || has_null;
      return has_null;
    case JsonReader::Kind::kArray:
      json.EnterArray();
      while (json.NextElement()) has_null = HasNull(json) || has_null;
      return has_null;
    case JsonReader::Kind::kNull: json.Skip(); return true;
    default: json.Skip(); return false;
  }
}

Result<> CheckJson(std::string_view text, JsonReader::Kind wanted, std::string_view accepted) {
  JsonReader json(text);
  const bool is_wanted = json.Peek() == wanted;
  const bool has_null = HasNull(json);
  if (!is_wanted || !json.Finish()) return Fail(Errc::kInvalidArgument, std::string(accepted));
  if (has_null) return Fail(Errc::kInvalidArgument, "there is a null in it, which TOML does not know");
  return {};
}

void AppendToml(JsonReader& json, std::string& out) {
  std::string_view separator = "";
  switch (json.Peek()) {
    case JsonReader::Kind::kObject:
      out += '{';
      json.EnterObject();
      while (const auto key = json.NextKey()) {
        out.append(separator).append(Quote(*key)).append(" = ");
        separator = ", ";
        AppendToml(json, out);
      }
      out += '}';
      return;
    case JsonReader::Kind::kArray:
      out += '[';
      json.EnterArray();
      while (json.NextElement()) {
        out += separator;
        separator = ", ";
        AppendToml(json, out);
      }
      out += ']';
      return;
    case JsonReader::Kind::kString: out += Quote(json.ReadString()); return;
    default: out += json.ReadRaw();
  }
}

}  // namespace

Result<> CheckJsonArray(std::string_view text) {
  return CheckJson(text, JsonReader::Kind::kArray, "not a list; write [1, \"a\"]");
}

Result<> CheckJsonObject(std::string_view text) {
  return CheckJson(text, JsonReader::Kind::kObject,
                   "not a table; write {key = \"value\"} in the file, {\"key\":\"value\"} elsewhere");
}

Result<> CheckSecretObject(std::string_view text) {
  constexpr std::string_view kAccepted =
      "not a table of strings; write {key = \"value\"} in the file, {\"key\":\"value\"} elsewhere";
  JsonReader json(text);
  bool has_mask = false;
  json.EnterObject();
  while (json.NextKey()) has_mask = json.ReadString() == kMask || has_mask;
  if (!json.Finish()) return Fail(Errc::kInvalidArgument, std::string(kAccepted));
  if (has_mask) {
    return Fail(Errc::kInvalidArgument, "the mask that `config show` prints, not the secret itself");
  }
  return {};
}

std::string MaskValues(std::string_view json) {
  std::string out;
  JsonReader reader(json);
  JsonWriter masked(out);
  masked.BeginObject();
  reader.EnterObject();
  while (const auto key = reader.NextKey()) {
    masked.DynamicKey(*key);
    masked.String(kMask);
  }
  masked.EndObject();
  return out;
}

std::string TomlOfJson(std::string_view json) {
  std::string out;
  JsonReader reader(json);
  AppendToml(reader, out);
  return out;
}

}  // namespace tidemill::config
