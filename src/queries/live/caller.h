// Caller: what of a client the rows of a live query depend on.
//
// Functions; any thread.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::queries::live {

// The claims of somebody of whom only the connection is known: {"sub":"42"}; "" for the anonymous user.
std::string ClaimsOf(std::string_view user);

// What two tokens must have in common to see the same rows: the role, and all claims but those that are
// different in each token (exp, iat, nbf, jti). `claims`: a JSON object, or "".
std::string ScopeOf(std::string_view role, std::string_view claims);

}  // namespace tidemill::queries::live
