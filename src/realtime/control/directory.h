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

#include "auth/token.h"
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

// Of one connection, as operators see it.
struct ConnectionInfo {
  std::string client;
  std::string user;
  std::string app_name;  // as the client says
  std::string app_version;
  std::string transport;              // "websocket"
  std::string protocol;               // "json", "protobuf"
  std::int64_t connected_at = 0;      // seconds since the Unix epoch; 0: not known of one without a token
  std::uint64_t queued_bytes = 0;     // that the client has not read
  std::uint64_t subscriptions = 0;    // how many it has
  std::vector<std::string> channels;  // the first of them, within the two limits below
  auth::TokenMark token;
  std::string meta;  // raw JSON; "": none
  friend bool operator==(const ConnectionInfo&, const ConnectionInfo&) = default;
};
inline constexpr std::size_t kConnectionChannelsMax = 128;
inline constexpr std::size_t kConnectionChannelBytesMax = 16 << 10;
inline constexpr std::size_t kConnectionMetaBytesMax = 64 << 10;  // a longer one is left out

inline constexpr std::uint32_t kConnectionsLimitMax = 1000;
struct ConnectionsQuery {
  std::string user;         // "": of all users
  std::string after;        // only client ids that come after it
  std::uint32_t limit = 1;  // at most so many, 1 to kConnectionsLimitMax
  friend bool operator==(const ConnectionsQuery&, const ConnectionsQuery&) = default;
};

// In the order of their client ids.
struct ConnectionsPage {
  std::vector<ConnectionInfo> connections;
  bool has_more = false;  // after the last of them
  friend bool operator==(const ConnectionsPage&, const ConnectionsPage&) = default;
};

// The first of several pages: in the order of client ids, at most `limit`, and none after the end of a page
// that has more.
ConnectionsPage Merge(std::vector<ConnectionsPage> pages, std::uint32_t limit);

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
  // kTimeout names the nodes that did not answer; kLimitExceeded: too many such questions are under way.
  virtual Task<Result<ConnectionsPage>> Connections(ConnectionsQuery query) = 0;
};

}  // namespace tidemill::control
