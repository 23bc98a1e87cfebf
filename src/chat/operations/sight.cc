#include "chat/operations/sight.h"

#include <utility>

namespace tidemill::chat {

Task<Outcome<RoomView>> See(Services& services, RoomId room, std::string user, WorkspaceRole role) {
  auto found = co_await services.store.rooms().Find(room, std::move(user));
  if (!found) co_return std::unexpected(found.error());
  if (!*found) co_return Refuse(Code::kNotFound, "there is no such room");
  RoomView view = *std::move(*found);
  const Membership* const membership = view.membership ? &*view.membership : nullptr;
  const Sight sight{
      .room = view.room, .membership = membership, .role = role, .banned_until = view.banned_until};
  TM_CO_TRY(MaySee(sight));
  TM_CO_TRY(CheckBan(sight, services.loop.clock().WallNow()));
  co_return view;
}

Task<Outcome<SeenMessage>> SeeMessage(Services& services, MessageId message, Actor actor) {
  auto found = co_await services.store.messages().Find(message);
  if (!found) co_return std::unexpected(found.error());
  if (!*found) co_return Refuse(Code::kNotFound, "there is no such message");
  Outcome<RoomView> view = co_await See(services, (*found)->room_id, actor);
  if (!view) {
    const bool is_hidden = view.error().code == Code::kNotFound;
    co_return is_hidden ? Refuse(Code::kNotFound, "there is no such message") : std::unexpected(view.error());
  }
  co_return SeenMessage{.message = **std::move(found), .view = *std::move(view)};
}

Sight SightOf(const RoomView& view, const Actor& actor) {
  return {.room = view.room,
          .membership = view.membership ? &*view.membership : nullptr,
          .role = actor.user.role,
          .banned_until = view.banned_until};
}

Outcome<Acting> Allow(Action action, const RoomView& view, const Actor& actor) {
  return May(action, SightOf(view, actor), actor.user.id);
}

Outcome<Membership> MembershipIn(const RoomView& view) {
  if (view.membership) return *view.membership;
  return Refuse(Code::kForbidden, "only members of the room: join it first");
}

}  // namespace tidemill::chat
