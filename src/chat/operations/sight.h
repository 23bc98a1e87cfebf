// See, Allow: what an operation asks before it does something: is the room, the message, there for whoever
// calls, and may they? Loop thread only.
#pragma once

#include <string>

#include "chat/access/access.h"
#include "chat/api/operation.h"
#include "chat/operations/services.h"
#include "chat/store/member.h"
#include "chat/store/message.h"
#include "net/task.h"

namespace tidemill::chat {

struct SeenMessage {
  Message message;
  RoomView view;
};

// kNotFound: there is no such room for them. kBanned: they may not look at it.
Task<Outcome<RoomView>> See(Services& services, RoomId room, std::string user, WorkspaceRole role);
inline Task<Outcome<RoomView>> See(Services& services, RoomId room, const Actor& actor) {
  return See(services, room, actor.user.id, actor.user.role);
}
Task<Outcome<SeenMessage>> SeeMessage(Services& services, MessageId message, Actor actor);

Sight SightOf(const RoomView& view, const Actor& actor);
Outcome<Acting> Allow(Action action, const RoomView& view, const Actor& actor);

// kForbidden: they see the room, but are not in it.
Outcome<Membership> MembershipIn(const RoomView& view);

}  // namespace tidemill::chat
