// User: a person or a bot, as chat knows them. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tidemill::chat {

// Of the whole workspace, not of a room; in the order of power.
enum class WorkspaceRole : std::uint8_t { kGuest, kMember, kAdmin, kOwner };
std::string_view Name(WorkspaceRole role);
std::optional<WorkspaceRole> ParseWorkspaceRole(std::string_view name);

// What a person has chosen; whether they are connected is not known here.
enum class Presence : std::uint8_t { kOnline, kAway, kDoNotDisturb };
std::string_view Name(Presence presence);  // "online", "away", "dnd"
std::optional<Presence> ParsePresence(std::string_view name);

struct Status {
  std::string emoji;
  std::string text;
  std::optional<WallTime> until;
  friend bool operator==(const Status&, const Status&) = default;
};

struct User {
  std::string id;  // 1 to 64 bytes
  std::string name;
  std::string username;
  WorkspaceRole role = WorkspaceRole::kMember;
  bool is_bot = false;
  std::optional<Status> status;
  Presence presence = Presence::kOnline;
  friend bool operator==(const User&, const User&) = default;
};

// What the claims of a caller say.
struct Identity {
  std::string id;
  std::string name;      // "": keeps what is known; a user is begun with the username, else the id
  std::string username;  // "": likewise
  WorkspaceRole role = WorkspaceRole::kMember;
  bool is_bot = false;
  friend bool operator==(const Identity&, const Identity&) = default;
};

}  // namespace tidemill::chat
