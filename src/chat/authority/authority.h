// ChatAuthority: who may subscribe to the channels of chat: everybody with a user to chat:all, each user to
// their own, and whoever may read a room to the room's two. A private room is unknown to those outside.
//
// One per loop, loop thread only.
#pragma once

#include "chat/delivery/channels.h"
#include "chat/operations/services.h"
#include "chat/people/people.h"
#include "metrics/metrics.h"
#include "realtime/session/authority.h"

namespace tidemill::chat {

class ChatAuthority final : public session::Authority {
 public:
  // All outlive it. `refused` counts.
  ChatAuthority(Services& services, People& people, metrics::Counter& refused)
      : services_(services), people_(people), refused_(refused) {}

  Task<session::Verdict<session::SubscribeTerms>> Authorize(session::SubscribeCall call) override;

 private:
  Task<Outcome<>> Permit(ChannelOfChat channel, std::string user, std::string claims);
  Task<Outcome<>> PermitRoom(RoomId room, User user);

  Services& services_;
  People& people_;
  metrics::Counter& refused_;
};

}  // namespace tidemill::chat
