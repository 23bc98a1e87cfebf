#include "queries/endpoint/identity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/json_reader.h"

namespace tidemill::queries {
namespace {

// PostgreSQL takes "" and "none" for the role that has connected (SET ROLE NONE), which no token may choose.
void AddRole(std::string role, std::vector<std::string>& roles) {
  if (!role.empty() && role != "none") roles.push_back(std::move(role));
}

std::vector<std::string> ReadRoles(JsonReader& json) {
  using Kind = JsonReader::Kind;
  std::vector<std::string> roles;
  if (json.Peek() == Kind::kString) {
    AddRole(json.ReadString(), roles);
  } else if (json.Peek() == Kind::kArray) {
    json.EnterArray();
    while (json.NextElement()) {
      if (json.Peek() == Kind::kString) {
        AddRole(json.ReadString(), roles);
      } else {
        json.Skip();
      }
    }
  } else {
    json.Skip();
  }
  return roles;
}

}  // namespace

bool Identity::HasClaim(std::string_view name) const {
  if (claims_json().empty()) return false;
  bool found = false;
  JsonReader json(claims_json());
  json.EnterObject();
  while (const auto key = json.NextKey()) found = (*key == name && !json.SkipNull()) || found;
  return json.Finish() && found;
}

bool Identity::HasRole(std::string_view role) const { return std::ranges::find(roles, role) != roles.end(); }

Identity MakeIdentity(std::optional<auth::Caller> caller, std::string_view role_claim) {
  Identity identity{.caller = std::move(caller), .roles = {}};
  if (identity.claims_json().empty() || role_claim.empty()) return identity;
  JsonReader json(identity.claims_json());
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == role_claim && !json.SkipNull()) identity.roles = ReadRoles(json);
  }
  // A verified token's payload is an object; nothing is believed of anything else.
  if (!json.Finish()) identity.roles = {};
  return identity;
}

std::optional<std::string> TextClaim(std::string_view claims_json, std::string_view name) {
  if (claims_json.empty()) return std::nullopt;
  std::optional<std::string> value;
  JsonReader json(claims_json);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key != name) continue;
    value = std::nullopt;
    if (json.Peek() == JsonReader::Kind::kString) value = json.ReadString();
    if (json.Peek() == JsonReader::Kind::kNumber) value = std::string(json.ReadRaw());
  }
  return json.Finish() ? value : std::nullopt;
}

std::optional<ErrorAnswer> Refuse(const files::Auth& auth, const Identity& identity) {
  if (!auth.required) return std::nullopt;
  if (identity.anonymous()) return MakeError(OwnError::kUnauthenticated, "a token is needed");
  const bool has_role = auth.roles.empty() || std::ranges::any_of(auth.roles, [&](const auto& role) {
                          return identity.HasRole(role);
                        });
  if (!has_role) {
    return MakeError(OwnError::kForbidden,
                     fmt::format("one of these roles is needed: {}", fmt::join(auth.roles, ", ")));
  }
  for (const std::string& claim : auth.claims) {
    if (identity.HasClaim(claim)) continue;
    return MakeError(OwnError::kForbidden, fmt::format("the token lacks the claim {}", claim));
  }
  return std::nullopt;
}

}  // namespace tidemill::queries
