#include "accounts/answers.h"

#include <utility>

namespace tidemill::accounts {
namespace {

void WriteSession(const Session& session, JsonWriter& json) {
  json.Member("id", session.id);
  json.Member("created_at", session.created_at);
  json.Member("last_seen_at", session.last_seen_at);
  json.Member("expires_at", session.expires_at);
  json.Member("address", session.address);
  json.Member("user_agent", session.agent);
}

// {"NAME":[…],"cursor":"…"}; `write` writes one value.
template <class Value, class Write>
std::string ListJson(JsonName name, const std::vector<Value>& values, std::string_view cursor, Write write) {
  std::string body;
  JsonWriter json(body);
  json.BeginObject();
  json.Key(name);
  json.BeginArray();
  for (const Value& value : values) write(value, json);
  json.EndArray();
  json.Key("cursor");
  cursor.empty() ? json.Null() : json.String(cursor);
  json.EndObject();
  return body;
}

}  // namespace

void WriteUser(const User& user, JsonWriter& json) {
  json.BeginObject();
  json.Member("id", user.id);
  json.Member("username", user.username);
  json.Member("name", user.name);
  if (!user.email.empty()) json.Member("email", user.email);
  json.Member("role", Name(user.role));
  json.Member("disabled", user.disabled);
  const std::optional<api::Role> console = ConsoleRoleOf(user);
  json.Member("console", console ? api::Name(*console) : "");
  json.Member("created_at", user.created_at);
  json.EndObject();
}

void WriteInvite(const Invite& invite, std::string_view url, JsonWriter& json) {
  json.BeginObject();
  json.Member("id", invite.id);
  json.Member("role", Name(invite.role));
  json.Member("uses_left", invite.uses_left);
  json.Member("created_at", invite.created_at);
  json.Member("expires_at", invite.expires_at);
  json.Member("invited_by", invite.invited_by);
  if (!invite.email.empty()) json.Member("email", invite.email);
  if (!url.empty()) json.Member("url", url);
  json.EndObject();
}

http::Response Ok(std::string body) {
  http::Response response = http::Response::Json(200, std::move(body));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

http::Response NoContent() { return {.status = 204, .headers = {{"Cache-Control", "no-store"}}, .body = ""}; }

http::Response MeResponse(const LiveSession& live) {
  std::string body;
  JsonWriter json(body);
  json.BeginObject();
  json.Key("user");
  WriteUser(live.user, json);
  json.Key("session");
  json.BeginObject();
  json.Member("id", live.session.id);
  json.Member("created_at", live.session.created_at);
  json.Member("expires_at", live.session.expires_at);
  json.EndObject();
  json.EndObject();
  return Ok(std::move(body));
}

http::Response SessionsResponse(const std::vector<Session>& sessions, const std::string& current) {
  return Ok(ListJson("sessions", sessions, "", [&](const Session& session, JsonWriter& json) {
    json.BeginObject();
    WriteSession(session, json);
    json.Member("current", session.id == current);
    json.EndObject();
  }));
}

http::Response UsersResponse(const UserPage& page) {
  return Ok(ListJson("users", page.users, page.has_more ? page.users.back().username : "", WriteUser));
}

http::Response InvitesResponse(const std::vector<Invite>& invites) {
  return Ok(ListJson("invites", invites, "",
                     [](const Invite& invite, JsonWriter& json) { WriteInvite(invite, "", json); }));
}

http::Response AuditResponse(const AuditPage& page) {
  const std::string cursor = page.next != 0 ? std::to_string(page.next) : "";
  return Ok(ListJson("entries", page.entries, cursor, [](const AuditEntry& entry, JsonWriter& json) {
    json.BeginObject();
    json.Member("id", std::to_string(entry.id));
    json.Member("at", entry.at);
    json.Member("actor", entry.actor);
    json.Member("actor_name", entry.actor_name);
    json.Member("action", entry.action);
    json.Member("target", entry.target);
    json.Member("target_name", entry.target_name);
    json.Member("address", entry.address);
    json.Member("detail", entry.detail);
    json.Member("result", entry.result);
    json.EndObject();
  }));
}

}  // namespace tidemill::accounts
