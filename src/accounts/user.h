// User and what belongs to one: sessions, invitations, entries of the audit log. Values; any thread.
//
// Times are ms since the Unix epoch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/role.h"
#include "api/role.h"

namespace tidemill::accounts {

struct User {
  std::string id;
  std::string username;
  std::string name;
  std::string email;  // "": none
  Role role = Role::kMember;
  bool disabled = false;
  std::int64_t created_at = 0;
  std::string console;  // granted in the console: "viewer", "operator", "admin"; "": nothing
  // Counts changes of the role: tokens of the realtime connection say which one they were made in.
  std::int64_t generation = 0;
  friend bool operator==(const User&, const User&) = default;
};

// What the user may do in the console: owners everything, others what they were granted.
inline std::optional<api::Role> ConsoleRoleOf(const User& user) {
  return user.role == Role::kOwner ? api::Role::kAdmin : api::ParseRole(user.console);
}

// Of a browser.
struct Session {
  std::string id;
  std::int64_t created_at = 0;
  std::int64_t last_seen_at = 0;
  std::int64_t expires_at = 0;  // at the latest
  std::string address;          // that it was opened from
  std::string agent;            // the browser's own words
  friend bool operator==(const Session&, const Session&) = default;
};

struct Invite {
  std::string id;
  Role role = Role::kMember;
  std::int64_t uses_left = 0;
  std::int64_t created_at = 0;
  std::int64_t expires_at = 0;
  std::string email;       // whom it is meant for; "": anybody who has the link
  std::string invited_by;  // the name to show
  friend bool operator==(const Invite&, const Invite&) = default;
};

struct AuditEntry {
  std::int64_t id = 0;
  std::int64_t at = 0;
  std::string actor;    // the user's id; "operator": with a key of the HTTP API
  std::string action;   // "user.disabled"
  std::string target;   // a user's id, an invitation's, or what a call of the API names
  std::string address;  // that it was asked from
  std::string detail;
  std::string result;      // of a call of the API: "done" or the error; "": none, or it is not known
  std::string actor_name;  // user names; "": no user has that id
  std::string target_name;
  friend bool operator==(const AuditEntry&, const AuditEntry&) = default;
};

}  // namespace tidemill::accounts
