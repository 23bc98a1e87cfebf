// LifecycleEvents: who wants to know which clients come and go, and what they follow, though the clients do
// not see it: events for the operator's service.
//
// Loop thread only; outlives the loop's sessions. Nothing may suspend or end inside of a call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "realtime/channels/settings.h"
#include "realtime/session/app_names.h"

namespace tidemill::session {

struct Client;

// What a connection that breaks is told of as, to those who are told (Centrifugo's code for it).
inline constexpr std::uint32_t kConnectionClosedCode = 3000;
inline constexpr std::string_view kConnectionClosedReason = "connection closed";

class LifecycleEvents {
 public:
  virtual void OnConnected(const Client& client, const AppNames::App& app) = 0;
  // Once for each OnConnected.
  virtual void OnDisconnected(const Client& client, const AppNames::App& app, std::uint32_t code,
                              std::string_view reason) = 0;
  // Whether what follows is wanted of such channels.
  virtual bool WantsJoins(const channels::ChannelOptions&) const { return false; }
  virtual void OnJoined(const Client&, std::string_view /*channel*/) {}
  // Once for each OnJoined.
  virtual void OnLeft(const Client&, std::string_view /*channel*/) {}

 protected:
  ~LifecycleEvents() = default;
};

// All who want to know. Filled by the wiring before the loop runs. What is registered is borrowed.
class Lifecycle {
 public:
  static constexpr std::size_t kListenersMax = 4;  // as ChannelSubscription::reported has bits

  void Add(LifecycleEvents& events) {
    TM_ASSERT(all_.size() < kListenersMax);
    all_.push_back(&events);
  }

  void OnConnected(const Client& client, const AppNames::App& app) {
    for (LifecycleEvents* const each : all_) each->OnConnected(client, app);
  }
  void OnDisconnected(const Client& client, const AppNames::App& app, std::uint32_t code,
                      std::string_view reason) {
    for (LifecycleEvents* const each : all_) each->OnDisconnected(client, app, code, reason);
  }
  // Gives who was told, for OnLeft: the options may be others then.
  std::uint8_t OnJoined(const Client& client, std::string_view channel,
                        const channels::ChannelOptions& options) {
    std::uint8_t told = 0;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (!all_[i]->WantsJoins(options)) continue;
      all_[i]->OnJoined(client, channel);
      told = static_cast<std::uint8_t>(told | 1u << i);
    }
    return told;
  }
  void OnLeft(const Client& client, std::string_view channel, std::uint8_t told) {
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if ((told & 1u << i) != 0) all_[i]->OnLeft(client, channel);
    }
  }
  bool empty() const { return all_.empty(); }

 private:
  std::vector<LifecycleEvents*> all_;
};

}  // namespace tidemill::session
