// ChannelPresence: the clients in one channel, and how many distinct users they are.
//
// Entries are immutable and shared with who reads them, also on other loops: reading thousands copies
// pointers.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "realtime/broker/presence.h"
#include "realtime/protocol/messages.h"

namespace tidemill::broker::memory {

class ChannelPresence {
 public:
  bool Has(std::string_view client) const { return place_of_client_.contains(client); }
  // Adds, or replaces the entry of the same client.
  void Add(protocol::ClientInfo info);
  // False: there was no such client.
  bool Remove(std::string_view client);

  std::size_t size() const { return entries_.size(); }
  const std::vector<protocol::ClientInfoPtr>& All() const { return entries_; }
  PresenceStats stats() const {
    return {.clients = static_cast<std::uint32_t>(entries_.size()),
            .users = static_cast<std::uint32_t>(clients_of_user_.size())};
  }

 private:
  std::vector<protocol::ClientInfoPtr> entries_;
  std::unordered_map<std::string_view, std::size_t> place_of_client_;  // keys are of the entries
  std::unordered_map<std::string, std::uint32_t> clients_of_user_;
};

}  // namespace tidemill::broker::memory
