// Directory: acts on sessions wherever they are, by user, and tells what the nodes carry: what the server API
// asks for.
//
// Implementations: node_directory.h, all loops of one node; cluster/cluster_directory.h, all nodes.
// One per loop; call it on that loop. Each call reaches all loops it covers and completes when all have
// acted; an error says that not all have, those that could be reached did.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "auth/token.h"
#include "base/clock.h"
#include "base/result.h"
#include "net/task.h"
#include "realtime/broker/broker.h"
#include "realtime/protocol/codes.h"
#include "realtime/protocol/messages.h"

namespace tidemill::session {

// Sessions of `user`; of those only `client` and `session` when given.
struct Target {
  std::string user;
  std::string client;
  std::string session;
  std::vector<std::string> except_clients;
  friend bool operator==(const Target&, const Target&) = default;
};

struct ServerSubscribe {
  std::string channel;
  std::string info;  // raw bytes for the presence entry's chan_info
  std::string data;
  std::int64_t expire_at = 0;
  std::optional<protocol::StreamPosition> recover_since;
  auth::OptionOverrides overrides;
  friend bool operator==(const ServerSubscribe&, const ServerSubscribe&) = default;
};

// Until when a disconnect is waited for: until the sessions of this node were told, with the other nodes on
// their way; or until every node has acknowledged.
enum class WaitFor : std::uint8_t { kThisNode, kAllNodes };

struct Disconnect {
  std::uint32_t code = 0;
  std::string reason;
  WaitFor wait = WaitFor::kAllNodes;
  friend bool operator==(const Disconnect&, const Disconnect&) = default;
};

struct ServerRefresh {
  bool expired = false;
  std::int64_t expire_at = 0;  // 0 with expired=false: the connection does not expire any more
  std::optional<std::string> info;
  friend bool operator==(const ServerRefresh&, const ServerRefresh&) = default;
};

struct NodeCounts {
  std::uint64_t clients = 0;
  std::uint64_t users = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t channels = 0;
  friend bool operator==(const NodeCounts&, const NodeCounts&) = default;
};

struct NodeInfo {
  std::string uid;
  std::string name;
  std::string version;
  Duration uptime{};
  NodeCounts counts;
  friend bool operator==(const NodeInfo&, const NodeInfo&) = default;
};

class Directory {
 public:
  virtual ~Directory() = default;
  virtual Task<Result<void>> Subscribe(Target target, ServerSubscribe subscribe) = 0;
  virtual Task<Result<void>> Unsubscribe(Target target, std::string channel) = 0;  // "" all channels
  virtual Task<Result<void>> Disconnect(Target target, session::Disconnect disconnect) = 0;
  virtual Task<Result<void>> Refresh(Target target, ServerRefresh refresh) = 0;
  // Sessions of the user. A node that does not say is left out.
  virtual Task<std::uint64_t> CountOfUser(std::string user) = 0;
  // This node first. One that does not answer is there with what it said last.
  virtual Task<std::vector<NodeInfo>> Nodes() = 0;
  // Channels with at least one subscription, by glob pattern; "" all. Errors as of Broker::Channels, and
  // kTimeout, which names the nodes that did not answer.
  virtual Task<Result<std::vector<broker::ChannelCount>>> Channels(std::string pattern) = 0;
};

}  // namespace tidemill::session
