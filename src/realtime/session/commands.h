// Commands: what a connected client may ask for, each answered by one reply.
//
// One overload of Do for each request; it gives the reply's body, or why there is none. The session writes
// either: a command knows no ids and no transport.
//
// Loop thread only. Made for one command; refers to parts of the session, which outlives it (Session::Pin).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/task.h"
#include "realtime/channels/permissions.h"
#include "realtime/protocol/messages.h"
#include "realtime/session/backend.h"
#include "realtime/session/client.h"
#include "realtime/session/subscriptions.h"
#include "realtime/session/verdict.h"

namespace tidemill::session {

using ReplyBody = decltype(protocol::Reply::result);

class Commands {
 public:
  Commands(Client& client, Subscriptions& subscriptions) : client_(client), subscriptions_(subscriptions) {}

  // Whether the deadlines of the session may change by it.
  static bool SetsExpiry(const decltype(protocol::Command::request)& request);
  // Calls the overload for what the request holds.
  Task<Verdict<ReplyBody>> Run(decltype(protocol::Command::request) request);

  // What to tell after the reply: the subscription that it is about was ended meanwhile.
  struct Ended {
    std::string channel;
    std::uint16_t code = 0;  // UnsubscribeCode
  };
  const std::optional<Ended>& ended() const { return ended_; }
  // The outbox is to be resumed after the reply.
  bool paused() const { return paused_; }

 private:
  Task<Verdict<ReplyBody>> Do(protocol::SubscribeRequest request);
  Task<Verdict<ReplyBody>> Do(protocol::UnsubscribeRequest request);
  Task<Verdict<ReplyBody>> Do(protocol::PublishRequest request);
  Task<Verdict<ReplyBody>> Do(protocol::PresenceRequest request);
  Task<Verdict<ReplyBody>> Do(protocol::PresenceStatsRequest request);
  Task<Verdict<ReplyBody>> Do(protocol::HistoryRequest request);
  Task<Verdict<ReplyBody>> Do(protocol::RpcRequest request);
  Task<Verdict<ReplyBody>> Do(protocol::RefreshRequest request);
  Task<Verdict<ReplyBody>> Do(protocol::SubRefreshRequest request);
  // What is no command of a connected client.
  template <class Other>
  Task<Verdict<ReplyBody>> Do(Other) {
    co_return Refused(protocol::kDisconnectBadRequest);
  }

  Task<Verdict<Joined>> Subscribe(protocol::SubscribeRequest request, const channels::Rules& rules);
  Task<Verdict<Joined>> SubscribeToMap(protocol::SubscribeRequest request);
  // Publishes a key of a map channel, or removes it.
  Task<Verdict<ReplyBody>> ChangeKey(protocol::PublishRequest request, const channels::Channel& channel);
  // The client's subscription of the channel, as it was when the client asked.
  struct Asking {
    std::uint32_t number = 0;  // ChannelSubscription::number; 0: there is none
    bool key_goes_with_it = false;
    std::string chan_info;
  };
  Asking AskingFrom(std::string_view channel) const;
  Task<Verdict<ReplyBody>> PublishKey(protocol::PublishRequest request, KeyTerms terms, Asking asking);
  // Of what the client sends.
  broker::DataForm FormOfData() const;
  Verdict<std::string> KeyFor(std::string key, const channels::Channel& channel) const;
  Verdict<channels::Channel> Find(std::string_view channel) const;
  Verdict<void> MayReadPresence(std::string_view channel) const;
  channels::Caller CallerIn(std::string_view channel) const;

  Client& client_;
  Subscriptions& subscriptions_;
  std::optional<Ended> ended_;
  bool paused_ = false;
};

}  // namespace tidemill::session
