#include "chat/authority/authority.h"

#include <fmt/format.h>

#include <utility>

#include "chat/operations/sight.h"
#include "net/reply.h"
#include "realtime/session/client.h"

namespace tidemill::chat {
namespace {

using session::SubscribeTerms;
using session::Verdict;

protocol::ErrorCode CodeOf(Code code) {
  switch (code) {
    case Code::kNotFound: return protocol::kErrorUnknownChannel;
    case Code::kUnavailable: return {protocol::kErrorInternal.code, "the database is away", true};
    case Code::kTooMany: return protocol::kErrorLimitExceeded;
    case Code::kInternal: return protocol::kErrorInternal;
    default: break;
  }
  return protocol::kErrorPermissionDenied;
}

}  // namespace

Task<Verdict<SubscribeTerms>> ChatAuthority::Authorize(session::SubscribeCall call) {
  const auto channel = ParseChannel(call.request.channel);
  if (!channel) {
    co_return call.client.Refuse(protocol::kErrorUnknownChannel,
                                 {.channel = call.request.channel, .why = "it is no channel of chat"});
  }
  const Outcome<> permitted = co_await Permit(*channel, call.client.user, std::string(call.client.claims()));
  if (permitted) co_return SubscribeTerms{};
  refused_.Add();
  co_return call.client.Refuse(CodeOf(permitted.error().code),
                               {.channel = call.request.channel, .why = permitted.error().message});
}

// The board hears what somebody wants to be seen as before it hears that they are there.
Task<Outcome<>> ChatAuthority::Permit(ChannelOfChat channel, std::string user, std::string claims) {
  using Kind = ChannelOfChat::Kind;
  if (channel.kind == Kind::kUser && channel.user != user) {
    co_return Refuse(Code::kForbidden, "it is another user's channel");
  }
  TM_CO_TRY_ASSIGN(User person, co_await people_.FromClaims(std::move(user), std::move(claims)));
  if (channel.kind == Kind::kUser) services_.choose(person.id, person.presence);
  if (channel.kind == Kind::kRoom || channel.kind == Kind::kLiveRoom) {
    co_return co_await PermitRoom(channel.room, std::move(person));
  }
  co_return Outcome<>();
}

// Who is not in the room is noted before it is looked at: a room that becomes private in between either has
// them noted, or is private when it is looked at again.
Task<Outcome<>> ChatAuthority::PermitRoom(RoomId room, User user) {
  TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services_, room, user.id, user.role));
  if (view.membership) co_return Outcome<>();
  RoomsOfLoop& owner = services_.rooms.OwnerOf(room);
  const bool noted = co_await net::Ask<bool>(services_.loop, owner.loop(), [&owner, room, id = user.id] {
    return owner.followers().Admit(room, id);
  });
  if (!noted) {
    co_return Refuse(Code::kTooMany,
                     fmt::format("{} people follow the room without being in it, and no more may: join it",
                                 Followers::kVisitorsMax));
  }
  TM_CO_TRY(co_await See(services_, room, user.id, user.role));
  co_return Outcome<>();
}

}  // namespace tidemill::chat
