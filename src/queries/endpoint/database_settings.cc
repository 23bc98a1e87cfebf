#include "queries/endpoint/database_settings.h"

#include <utility>

#include "base/ascii.h"
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

}  // namespace

std::string_view RoleOf(const Identity& identity, std::string_view anonymous_role) {
  if (!identity.roles.empty()) return identity.roles.front();
  const bool service = identity.caller && identity.caller->kind == auth::Caller::Kind::kApiKey;
  return service ? std::string_view{} : anonymous_role;
}

std::shared_ptr<const sql::LocalSettings> DatabaseSettings(const http::Request& request,
                                                           const Identity& identity, std::string_view role,
                                                           Duration timeout) {
  sql::LocalSettings settings;
  settings.reserve(6);
  settings.emplace_back("statement_timeout", std::to_string(timeout.ms));
  settings.emplace_back("request.method", request.method_name);
  settings.emplace_back("request.path", request.path);
  settings.emplace_back("request.headers", HeadersAsJson(request));
  settings.emplace_back("request.jwt.claims", ClaimsAsJson(identity, role));
  // The last: what follows it runs as that role.
  settings.emplace_back("role", role.empty() ? "none" : role);
  return std::make_shared<const sql::LocalSettings>(std::move(settings));
}

}  // namespace tidemill::queries
