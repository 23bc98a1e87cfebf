// ChannelSubscription: a channel that a session follows, or is just about to.
//
// Loop thread only. Owned by the session's SubscriptionTable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "realtime/hub/hub.h"
#include "realtime/session/client.h"

namespace tidemill::session {

class KeyTracking;

// What few subscriptions have.
struct SubscriptionExtra {
  SubscriptionExtra();
  ~SubscriptionExtra();

  std::string info;  // chan_info, raw bytes
  // The maps whose keys say who is here (PresenceMirror); "": none. They are those that it entered: the
  // options may name others when it leaves.
  std::string clients_map;
  std::string users_map;
  // Of the token that granted it, where it says something.
  auth::TokenMark token;
  TokenIndex::Link token_link;
  filter::FilterPtr server_filter;        // what it may see of the channel; null: all
  std::unique_ptr<KeyTracking> tracking;  // of a polled channel; null: it is not
};

struct ChannelSubscription final : hub::Subscription {
  ChannelSubscription(ClientEvents& of_session, std::string_view channel)
      : events(of_session), pending_name(std::make_unique<std::string>(channel)) {}

  const std::string& channel_name() const { return attached() ? channel() : *pending_name; }
  std::string_view chan_info() const { return extra ? std::string_view(extra->info) : std::string_view(); }
  const auth::TokenMark& token() const {
    static const auth::TokenMark silent;
    return extra ? extra->token : silent;
  }
  SubscriptionExtra& Extra() {
    if (!extra) extra = std::make_unique<SubscriptionExtra>();
    return *extra;
  }

  void OnInappropriateData() override { events.OnInappropriateData(); }
  bool needs_whole_stream() const override { return positioned; }
  void OnStreamLost() override { events.OnStreamLost(*this); }

  ClientEvents& events;
  std::unique_ptr<std::string> pending_name;  // until it is attached: then the hub has it
  std::unique_ptr<SubscriptionExtra> extra;   // null: it has nothing of it
  std::int64_t expire_at = 0;                 // seconds since the Unix epoch; 0: never
  bool server_side : 1 = false;
  bool presence : 1 = false;      // has an entry there
  bool join_leave : 1 = false;    // its coming and going is published
  bool announced : 1 = false;     // its coming was
  bool positioned : 1 = false;    // it follows the stream without a gap
  bool own_key : 1 = false;       // the key that is its client's id goes with it
  bool ended : 1 = false;         // while it was being joined: it is not to be followed
  bool asks_backend : 1 = false;  // the backend prolongs it, and not the client
  bool by_token : 1 = false;      // a token granted it
  std::uint8_t reported : 4 = 0;  // who was told that it began (Lifecycle)
  std::uint16_t ended_by = 0;     // the code to tell the client then; 0: it ended it itself
  std::uint32_t number = 0;       // of the session's subscriptions, in the order in which they were begun
};

}  // namespace tidemill::session
