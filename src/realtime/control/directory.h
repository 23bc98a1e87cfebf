// Directory: acts on sessions wherever they are, by user, and tells what the nodes carry.
//
// It is what the server API, other nodes and sessions themselves use; who uses it knows no session.
// Implementations: session/node_directory.h, all loops of one node; cluster/cluster_directory.h, all nodes.
//
// Thread: one per loop; call it on that loop.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/task.h"
#include "realtime/broker/broker.h"
#include "realtime/control/actions.h"

namespace tidemill::control {

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
  // Reaches all loops it covers and completes when all have acted. An error says that not all have; those
  // that could be reached did. kNotFound: `target.node` is given, and there is no such node.
  virtual Task<Result<void>> Apply(Target target, Action action) = 0;
  // Sessions of the user. A node that does not say is left out.
  virtual Task<std::uint64_t> CountOfUser(std::string user) = 0;
  // This node first. One that does not answer is there with what it said last.
  virtual Task<std::vector<NodeInfo>> Nodes() = 0;
  // Channels with at least one subscription, by glob pattern; "" all. Errors as of Broker::Channels, and
  // kTimeout, which names the nodes that did not answer.
  virtual Task<Result<std::vector<broker::ChannelCount>>> Channels(std::string pattern) = 0;
};

}  // namespace tidemill::control
