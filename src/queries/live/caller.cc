#include "queries/live/caller.h"

#include <map>

#include "base/json_reader.h"
#include "base/json_writer.h"

namespace tidemill::queries::live {

std::string ClaimsOf(std::string_view user) {
  if (user.empty()) return "";
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("sub", user);
  json.EndObject();
  return text;
}

std::string ScopeOf(std::string_view role, std::string_view claims) {
  std::map<std::string, std::string, std::less<>> kept;
  if (!claims.empty()) {
    JsonReader json(claims);
    json.EnterObject();
    while (const auto key = json.NextKey()) {
      const bool of_token = *key == "exp" || *key == "iat" || *key == "nbf" || *key == "jti";
      if (!of_token) kept[std::string(*key)] = json.ReadRaw();
    }
  }
  std::string scope;
  JsonWriter json(scope);
  json.BeginObject();
  json.Member("role", role);
  json.Key("claims");
  json.BeginObject();
  for (const auto& [name, value] : kept) {
    json.DynamicKey(name);
    json.String(value);
  }
  json.EndObject();
  json.EndObject();
  return scope;
}

}  // namespace tidemill::queries::live
