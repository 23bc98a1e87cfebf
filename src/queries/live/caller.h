// Caller: what of a client the rows of a live query depend on.
//
// Functions; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tidemill::queries::live {

// The claims of somebody of whom only the connection is known: {"sub":"42"}; "" for the anonymous user.
std::string ClaimsOf(std::string_view user);

// What two tokens must have in common to see the same rows: the role, and all claims but those that tell
// tokens and sign-ins of one user apart (exp, iat, nbf, jti, sid, session_id, auth_time, nonce, at_hash),
// unless they are among `read`: the query has them as parameters. `claims`: a JSON object, or "".
std::string ScopeOf(std::string_view role, std::string_view claims, std::span<const std::string> read = {});

}  // namespace tidemill::queries::live
