// What the routes answer with, as JSON. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "accounts/store.h"
#include "base/json_writer.h"
#include "http/message.h"

namespace tidemill::accounts {

void WriteUser(const User& user, JsonWriter& json);
void WriteInvite(const Invite& invite, std::string_view url, JsonWriter& json);  // `url` "": not told again

// 200, never to be kept by anybody.
http::Response Ok(std::string body);
http::Response NoContent();

// {"user":…,"session":…}
http::Response MeResponse(const LiveSession& live);
http::Response SessionsResponse(const std::vector<Session>& sessions, const std::string& current);
http::Response UsersResponse(const UserPage& page);
http::Response InvitesResponse(const std::vector<Invite>& invites);
http::Response AuditResponse(const AuditPage& page);

}  // namespace tidemill::accounts
