#include "queries/endpoint/database_settings.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/json_reader.h"
#include "base/json_writer.h"

namespace tidemill::queries {
namespace {

// An object with names in lower case, as PostgREST has it; of a name that stands there twice both values.
std::string HeadersAsJson(const http::Request& request) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  std::string name;
  for (const http::HeaderView& header : request.headers) {
    name = ToLower(header.name);
    json.DynamicKey(name);
    json.String(header.value);
  }
  json.EndObject();
  return text;
}

std::string ClaimsAsJson(const Identity& identity, std::string_view role) {
  if (!identity.claims_json().empty()) return std::string(identity.claims_json());
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  if (!role.empty()) json.Member("role", role);
  json.EndObject();
  return text;
}

// The claims of `scope`, as the token writes them. The role is what the answer is asked as, whatever else of
// the kind the token says.
std::string SharedClaimsAsJson(std::string_view claims, std::string_view role,
                               const std::vector<std::string>& scope) {
  const auto is_shared = [&scope](std::string_view name) {
    return std::ranges::find(scope, name) != scope.end();
  };
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  if (!role.empty() && !is_shared("role")) json.Member("role", role);
  if (!claims.empty()) {
    JsonReader token(claims);
    token.EnterObject();
    while (const auto key = token.NextKey()) {
      const std::string name(*key);
      const std::string_view value = token.ReadRaw();
      if (!is_shared(name)) continue;
      json.DynamicKey(name);
      json.Raw(value);
    }
  }
  json.EndObject();
  return text;
}

struct Said {
  std::string_view method;
  std::string_view path;
  std::string headers;
  std::string claims;
};

std::shared_ptr<const sql::LocalSettings> Make(Said said, std::string_view role, Duration timeout) {
  sql::LocalSettings settings;
  settings.reserve(6);
  settings.emplace_back("statement_timeout", std::to_string(timeout.ms));
  settings.emplace_back("request.method", said.method);
  settings.emplace_back("request.path", said.path);
  settings.emplace_back("request.headers", std::move(said.headers));
  settings.emplace_back("request.jwt.claims", std::move(said.claims));
  // The last: what follows it runs as that role.
  settings.emplace_back("role", role.empty() ? "none" : role);
  return std::make_shared<const sql::LocalSettings>(std::move(settings));
}

}  // namespace

std::string_view RoleOf(const Identity& identity, std::string_view anonymous_role) {
  if (!identity.roles.empty()) return identity.roles.front();
  const bool service = identity.caller && identity.caller->kind == auth::Caller::Kind::kApiKey;
  return service ? std::string_view{} : anonymous_role;
}

std::shared_ptr<const sql::LocalSettings> DatabaseSettings(const http::Request& request,
                                                           const Identity& identity, std::string_view role,
                                                           Duration timeout) {
  return Make({.method = request.method_name,
               .path = request.path,
               .headers = HeadersAsJson(request),
               .claims = ClaimsAsJson(identity, role)},
              role, timeout);
}

std::shared_ptr<const sql::LocalSettings> SharedDatabaseSettings(const http::Request& request,
                                                                 const Identity& identity,
                                                                 std::string_view role, Duration timeout,
                                                                 const std::vector<std::string>& scope) {
  return Make({.method = "GET",
               .path = request.path,
               .headers = "{}",
               .claims = SharedClaimsAsJson(identity.claims_json(), role, scope)},
              role, timeout);
}

}  // namespace tidemill::queries
