// Reporter: what a loop's sessions and channels have to tell, on its way to the queue of the node, which
// lives on one loop.
//
// Loop thread only, of its own loop. The queue's loop, the queue and the context outlive it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "events/event.h"
#include "events/event_queue.h"
#include "events/sender.h"
#include "net/loop.h"
#include "realtime/broker/broker.h"
#include "realtime/session/context.h"
#include "realtime/session/lifecycle.h"

namespace tidemill::events {

// The node's.
struct Outlet {
  net::Loop& loop;
  EventQueue& queue;
  Sender& sender;
  bool connections = false;  // are told of
};

class Reporter final : public session::LifecycleEvents {
 public:
  Reporter(session::Context& context, Outlet& outlet) : context_(context), outlet_(outlet) {}

  void OnConnected(const session::Client& client, const session::AppNames::App& app) override;
  void OnDisconnected(const session::Client& client, const session::AppNames::App& app, std::uint32_t code,
                      std::string_view reason) override;
  bool WantsJoins(const channels::ChannelOptions& options) const override {
    return options.state_proxy_join_leave;
  }
  void OnJoined(const session::Client& client, std::string_view channel) override;
  void OnLeft(const session::Client& client, std::string_view channel) override;

  // Of a channel that the loop owns. One that is not wanted any more is told as vacated.
  void OnOccupied(const broker::ChannelName& channel);
  void OnVacated(const broker::ChannelName& channel);

 private:
  ClientEvent EventOf(EventType type, const session::Client& client) const;
  void Tell(ClientEvent event);

  session::Context& context_;
  Outlet& outlet_;
};

}  // namespace tidemill::events
