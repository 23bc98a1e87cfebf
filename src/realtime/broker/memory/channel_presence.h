// ChannelPresence: the clients in one channel, and how many distinct users they are.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "realtime/broker/presence.h"
#include "realtime/protocol/messages.h"

namespace tidemill::broker::memory {

class ChannelPresence {
 public:
  bool Has(std::string_view client) const { return by_client_.contains(client); }
  // Adds, or replaces the entry of the same client.
  void Add(protocol::ClientInfo info);
  // False: there was no such client.
  bool Remove(std::string_view client);

  std::size_t size() const { return by_client_.size(); }
  std::vector<protocol::ClientInfo> All() const { return {by_client_.begin(), by_client_.end()}; }
  PresenceStats stats() const {
    return {.clients = static_cast<std::uint32_t>(by_client_.size()),
            .users = static_cast<std::uint32_t>(clients_of_user_.size())};
  }

 private:
  struct ByClient {
    using is_transparent = void;
    std::size_t operator()(std::string_view client) const { return std::hash<std::string_view>{}(client); }
    std::size_t operator()(const protocol::ClientInfo& info) const { return (*this)(info.client); }
    static std::string_view Key(std::string_view client) { return client; }
    static std::string_view Key(const protocol::ClientInfo& info) { return info.client; }
    bool operator()(const auto& a, const auto& b) const { return Key(a) == Key(b); }
  };

  std::unordered_set<protocol::ClientInfo, ByClient, ByClient> by_client_;
  std::unordered_map<std::string, std::uint32_t> clients_of_user_;
};

}  // namespace tidemill::broker::memory
