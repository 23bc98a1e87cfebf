// Member: one person in one room, as others see it; Membership: the same for that person alone.
//
// Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "chat/store/ids.h"
#include "chat/store/room.h"
#include "chat/store/user.h"

namespace tidemill::chat {

// In the order of power.
enum class Role : std::uint8_t { kReadonly, kMember, kModerator, kOwner };
std::string_view Name(Role role);
std::optional<Role> ParseRole(std::string_view name);

enum class Notify : std::uint8_t { kAll, kMentions, kNone };
std::string_view Name(Notify level);
std::optional<Notify> ParseNotify(std::string_view name);

// A mute or a ban without an end.
inline constexpr WallTime kForEver{4'102'444'800'000};

struct Member {
  RoomId room_id;
  User user;
  Role role = Role::kMember;
  WallTime joined_at;
  std::optional<WallTime> muted_until;
  friend bool operator==(const Member&, const Member&) = default;
};

struct Membership {
  Role role = Role::kMember;
  Seq read_seq = 0;
  std::int64_t unread = 0;    // root messages behind read_seq
  std::int64_t mentions = 0;  // behind read_seq, of me or of the whole room
  Notify notify = Notify::kAll;
  bool is_starred = false;
  std::string draft;
  WallTime joined_at;
  std::optional<WallTime> muted_until;
  friend bool operator==(const Membership&, const Membership&) = default;
};

// A room as one person sees it.
struct RoomView {
  Room room;
  std::optional<Membership> membership;
  std::optional<WallTime> banned_until;  // they are banned from it; kForEver: without an end
  friend bool operator==(const RoomView&, const RoomView&) = default;
};

// Who does something, and what is looked at again inside the transaction that does it.
struct Acting {
  std::string user;
  // What they must be in the room at least; nullopt: not even a member.
  std::optional<Role> role_min = Role::kMember;
  // Their role in the workspace lets them: the one in the room is not asked for.
  bool by_workspace_role = false;
};

}  // namespace tidemill::chat
