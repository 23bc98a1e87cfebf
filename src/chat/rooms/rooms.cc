#include "chat/rooms/rooms.h"

#include <utility>

namespace tidemill::chat {

RoomsOfLoop::RoomsOfLoop(const Surroundings& surroundings)
    : at_(surroundings),
      rooms_(at_.metrics),
      followers_({.loop = at_.loop, .store = at_.store, .directory = at_.directory, .metrics = at_.metrics}),
      audience_({.loop = at_.loop,
                 .store = at_.store,
                 .courier = at_.courier,
                 .online = at_.online,
                 .rooms = rooms_,
                 .settings = at_.settings,
                 .has_other_nodes = at_.has_other_nodes}),
      reconciler_({.loop = at_.loop,
                   .store = at_.store,
                   .courier = at_.courier,
                   .audience = audience_,
                   .followers = followers_}),
      writer_({.loop = at_.loop,
               .store = at_.store,
               .courier = at_.courier,
               .audience = audience_,
               .rooms = rooms_,
               .reconciler = reconciler_,
               .metrics = at_.metrics,
               .settings = at_.settings,
               .has_other_nodes = at_.has_other_nodes}) {}

void RoomsOfLoop::AddMember(OpenRoom& room, const std::string& user) {
  audience_.AddMember(room, user);
  followers_.BecomeMember(room.id, user);
}

Task<void> RoomsOfLoop::RemoveMember(OpenRoom& room, std::string user, Follows follows) {
  audience_.RemoveMember(room, user);
  if (follows == Follows::kAsVisitor && followers_.Admit(room.id, user)) co_return;
  co_await followers_.End(room.id, std::move(user));
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
