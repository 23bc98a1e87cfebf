// Identity: who sends a request, and whether an endpoint's @auth lets them in.
//
// Values and functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/authenticator.h"
#include "queries/answer/error_answer.h"
#include "queries/files/query.h"

namespace tidemill::queries {

struct Identity {
  std::optional<auth::Caller> caller;  // nullopt: the request has no credentials
  std::vector<std::string> roles;      // its role claim, a text or a list of them; never "" or "none"

  bool anonymous() const { return !caller.has_value(); }
  // The claims as a JSON object; "": there is no token.
  std::string_view claims_json() const { return caller ? std::string_view(caller->claims) : ""; }
  // Whether the token has that claim, and not as null.
  bool HasClaim(std::string_view name) const;
  bool HasRole(std::string_view role) const;
};

// `role_claim` "": tokens have no roles.
Identity MakeIdentity(std::optional<auth::Caller> caller, std::string_view role_claim);

// The text of a claim that is one; nullopt: there is none, or it is something else.
std::optional<std::string> TextClaim(std::string_view claims_json, std::string_view name);

// Why `identity` may not call what has these conditions; nullopt: it may. An API key is a service's: it
// stands for no user, so it has neither roles nor claims.
std::optional<ErrorAnswer> Refuse(const files::Auth& auth, const Identity& identity);

}  // namespace tidemill::queries
