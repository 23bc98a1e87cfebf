// IdentityOf: what the claims of a caller say of a person. A function; any thread.
#pragma once

#include <string_view>

#include "chat/store/refusal.h"
#include "chat/store/user.h"

namespace tidemill::chat {

// `claims`: a JSON object, or "": nothing but the id is known. Of the claims name, username, role and bot are
// read; what is of another type, or no role, is as if it were not there. kUnauthenticated: there is no user,
// or an id of more than 64 bytes.
Outcome<Identity> IdentityOf(std::string_view user, std::string_view claims);

}  // namespace tidemill::chat
