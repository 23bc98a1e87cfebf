// What can be done to the sessions of a user from outside: Target says to which, Action what.
//
// Values. A new action is one more alternative, what it does to a session (session/node_directory.cc), and
// how it travels between nodes (cluster/encode.h, cluster/decode.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "auth/option_overrides.h"
#include "realtime/access/entry.h"
#include "realtime/protocol/messages.h"

namespace tidemill::control {

// Sessions of `user`; of those only `client` and `session` when given, and only on `node`.
struct Target {
  std::string user;
  std::string client;
  std::string session;  // a session's secret; clients of WebSocket have none
  std::vector<std::string> except_clients;
  std::string node;  // "": on all
  friend bool operator==(const Target&, const Target&) = default;
};

// A server-side subscription. A session that has the channel already keeps what it has.
struct Subscribe {
  std::string channel;
  std::string info;  // raw bytes for the presence entry's chan_info
  std::string data;
  std::int64_t expire_at = 0;  // seconds since the Unix epoch; 0: never
  std::optional<protocol::StreamPosition> recover_since;
  auth::OptionOverrides overrides;
  friend bool operator==(const Subscribe&, const Subscribe&) = default;
};

struct Unsubscribe {
  std::string channel;  // "": all
  friend bool operator==(const Unsubscribe&, const Unsubscribe&) = default;
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

// The codes of a WebSocket close frame that applications may use (RFC 6455 section 7.4.2), and what it has
// room for beside one (section 5.5).
constexpr bool IsDisconnectCode(std::uint32_t code) { return code >= 3000 && code <= 4999; }
inline constexpr std::size_t kDisconnectReasonBytesMax = 123;

struct Refresh {
  bool expired = false;
  std::int64_t expire_at = 0;  // 0 with expired=false: the connection does not expire any more
  std::optional<std::string> info;
  friend bool operator==(const Refresh&, const Refresh&) = default;
};

// What the client of the target's `session` sent beside its stream (POST /emulation), whoever its user is:
// the secret alone is enough. kNotFound: there is no such session, or no such node. kPermissionDenied: it
// takes no commands. kLimitExceeded: more waits for it than it may have, and it is being disconnected.
struct Deliver {
  std::string frame;  // of commands
  friend bool operator==(const Deliver&, const Deliver&) = default;
};

// A user is blocked, or tokens are revoked, or no more. Of no target: it goes into the access list of each
// node, and ends the sessions and subscriptions that it concerns. kLimitExceeded: a list is full.
struct ChangeAccess {
  access::Entry entry;
  friend bool operator==(const ChangeAccess&, const ChangeAccess&) = default;
};

using Action = std::variant<Subscribe, Unsubscribe, Disconnect, Refresh, Deliver, ChangeAccess>;

}  // namespace tidemill::control
