// May: who may do what in a room. The one table of permissions.
//
// It looks at the room, at what the person is in it and in the workspace, and at nothing else. What it allows
// holds for the moment at which they were read: the Acting that it gives is looked at again inside of the
// transaction. Functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "chat/store/member.h"
#include "chat/store/refusal.h"
#include "chat/store/room.h"
#include "chat/store/user.h"

namespace tidemill::chat {

enum class Action : std::uint8_t {
  kRead,         // messages, members, pins; following its events
  kJoin,         //
  kLeave,        //
  kPost,         // a message that is not in a thread
  kReply,        //
  kEditOwn,      //
  kDeleteOwn,    //
  kDeleteOther,  //
  kReact,        //
  kType,         // saying that one types
  kPin,          //
  kInvite,       //
  kKick,         // somebody of less power (MayActOn)
  kSetRole,      // likewise
  kDescribe,     // name and topic
  kConfigure,    // private or not, the settings
  kArchive,      // and back
  kDelete,       //
  kMark,         // what is one's own: read marker, draft, star, notifications
  kModerate,     // mutes, bans, what was flagged, who did what
  kFlag,         // a message, for the moderators
  kHooks,        //
};
std::string_view Name(Action action);  // "read", "delete_other", …
std::span<const Action> AllActions();

// A room as somebody sees it.
struct Sight {
  const Room& room;
  const Membership* membership = nullptr;  // null: not a member
  WorkspaceRole role = WorkspaceRole::kMember;
  std::optional<WallTime> banned_until;  // as in RoomView
};

// Whether the room is there at all for that person: kNotFound says that it is not.
Outcome<> MaySee(const Sight& sight);
// Of one that is there: kBanned says until when it is not for them. Admins of the workspace are not asked.
Outcome<> CheckBan(const Sight& sight, WallTime now);
// kNotFound: the room is not there for that person. kForbidden, kArchived: it is, but not this.
Outcome<Acting> May(Action action, const Sight& sight, std::string_view user);

// What somebody is in the room, counting what they are in the workspace.
Role PowerIn(const Sight& sight);
// Whether somebody with that power may remove, mute or change a member with that role: owners all, moderators
// those below themselves.
bool MayActOn(Role power, Role target);

// Whether somebody may make a room, or open a conversation.
Outcome<> MayCreate(RoomType type, WorkspaceRole role);

}  // namespace tidemill::chat
