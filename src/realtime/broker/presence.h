// PresenceStore: who is in a channel, by client, with counts of clients and users.
//
// Thread: as Broker. Implementations pass broker/testing/presence_contract.cc.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/task.h"
#include "realtime/channels/name.h"
#include "realtime/protocol/messages.h"

namespace tidemill::broker {

struct PresenceStats {
  std::uint32_t clients = 0;
  std::uint32_t users = 0;  // distinct; "" counts as one
};

class PresenceStore {
 public:
  virtual ~PresenceStore() = default;

  // Adds or refreshes the entry of `info.client`. kLimitExceeded when the channel or the store is full.
  virtual Task<Result<void>> Add(channels::ChannelName channel, protocol::ClientInfo info) = 0;
  virtual Task<Result<void>> Remove(channels::ChannelName channel, std::string client) = 0;
  // In no order. Entries are shared: what replaces one is another.
  virtual Task<Result<std::vector<protocol::ClientInfoPtr>>> Get(channels::ChannelName channel) = 0;
  virtual Task<Result<PresenceStats>> Stats(channels::ChannelName channel) = 0;
};

}  // namespace tidemill::broker
