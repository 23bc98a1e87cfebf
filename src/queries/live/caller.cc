#include "queries/live/caller.h"

#include <algorithm>
#include <map>

#include "base/json_reader.h"
#include "base/json_writer.h"

namespace tidemill::queries::live {
namespace {

bool OfSignIn(std::string_view claim) {
  constexpr std::string_view kNames[] = {"exp",        "iat",       "nbf",   "jti",    "sid",
                                         "session_id", "auth_time", "nonce", "at_hash"};
  return std::ranges::find(kNames, claim) != std::end(kNames);
}

}  // namespace

std::string ClaimsOf(std::string_view user) {
  if (user.empty()) return "";
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("sub", user);
  json.EndObject();
  return text;
}

std::string ScopeOf(std::string_view role, std::string_view claims, std::span<const std::string> read) {
  std::map<std::string, std::string, std::less<>> kept;
  if (!claims.empty()) {
    JsonReader json(claims);
    json.EnterObject();
    while (const auto key = json.NextKey()) {
      const std::string name(*key);
      const std::string_view value = json.ReadRaw();
      if (!OfSignIn(name) || std::ranges::find(read, name) != read.end()) kept[name] = value;
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
