#include "chat/rooms/rooms.h"

#include "base/log.h"
#include "chat/delivery/channels.h"

namespace tidemill::chat {

RoomsOfLoop::RoomsOfLoop(const Surroundings& surroundings)
    : at_(surroundings),
      rooms_(at_.loop, at_.metrics),
      audience_({.loop = at_.loop,
                 .store = at_.store,
                 .courier = at_.courier,
                 .online = at_.online,
                 .rooms = rooms_,
                 .settings = at_.settings,
                 .has_other_nodes = at_.has_other_nodes}),
      writer_({.loop = at_.loop,
               .store = at_.store,
               .courier = at_.courier,
               .audience = audience_,
               .rooms = rooms_,
               .metrics = at_.metrics,
               .settings = at_.settings,
               .has_other_nodes = at_.has_other_nodes}) {}

Task<void> RoomsOfLoop::EndSubscriptions(RoomId room, std::string user) {
  for (std::string channel : {RoomChannel(room), LiveRoomChannel(room)}) {
    const auto done =
        co_await at_.directory.Apply({.user = user}, control::Unsubscribe{.channel = std::move(channel)});
    // Other nodes go on trying; what they say of it is for the log.
    if (!done) log::Warn("chat.unsubscribe_failed", {{"room", ToText(room)}, {"why", done.error().detail}});
  }
}

bool RoomsOfLoop::AddVisitor(RoomId room, std::string user) {
  OpenRoom& open = rooms_.Open(room);
  if (open.HasNoVisitors(at_.loop.Now())) open.visitors.clear();
  // Who has just been let in is on the way.
  if (!open.is_followed) open.unfollowed_at = at_.loop.Now();
  if (open.visitors.size() >= Audience::kVisitorsMax && !open.visitors.contains(user)) return false;
  open.visitors.insert(std::move(user));
  return true;
}

void RoomsOfLoop::SetFollowed(RoomId room, bool is_followed) {
  OpenRoom* const open = is_followed ? &rooms_.Open(room) : rooms_.Find(room);
  if (open == nullptr) return;
  open->is_followed = is_followed;
  if (!is_followed) open->unfollowed_at = at_.loop.Now();
}

void RoomsOfLoop::NoteRead(RoomId room, std::string user, Seq seq) {
  OpenRoom& open = rooms_.Open(room);
  if (open.room) return audience_.NoteRead(open, user, seq);
  writer_.Put(room, [this, user = std::move(user), seq](OpenRoom& loaded) {
    return NoteReadIn(*this, loaded, user, seq);
  });
}

Task<void> RoomsOfLoop::NoteReadIn(RoomsOfLoop& self, OpenRoom& room, std::string user, Seq seq) {
  if (co_await self.writer_.Load(room)) self.audience_.NoteRead(room, user, seq);
}

Task<Outcome<Sent>> Rooms::Send(net::Loop& asker, RoomId room, chat::Send send) const {
  net::Reply<Outcome<Sent>> reply(asker);
  RoomsOfLoop& owner = OwnerOf(room);
  RunOn(owner,
        [&owner, room, waiting = WaitingSend{.send = std::move(send), .sender = reply.sender()}]() mutable {
          owner.writer().Put(room, std::move(waiting));
        });
  co_return co_await reply;
}

}  // namespace tidemill::chat
