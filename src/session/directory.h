// Directory: acts on the sessions of every loop of this node, by user: what the server API asks for.
//
// One per loop; call it on that loop. Each call reaches all loops and completes when all have acted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "auth/token.h"
#include "base/result.h"
#include "net/task.h"
#include "protocol/codes.h"
#include "protocol/messages.h"

namespace tidemill::session {

// Sessions of `user`; of those only `client` and `session` when given.
struct Target {
  std::string user;
  std::string client;
  std::string session;
  std::vector<std::string> except_clients;
};

struct ServerSubscribe {
  std::string channel;
  std::string info;  // raw bytes for the presence entry's chan_info
  std::string data;
  std::int64_t expire_at = 0;
  std::optional<protocol::StreamPosition> recover_since;
  auth::OptionOverrides overrides;
};

struct Disconnect {
  std::uint32_t code = 0;
  std::string reason;
};

struct ServerRefresh {
  bool expired = false;
  std::int64_t expire_at = 0;  // 0 with expired=false: the connection does not expire any more
  std::optional<std::string> info;
};

struct NodeCounts {
  std::uint64_t clients = 0;
  std::uint64_t users = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t channels = 0;
};

class Directory {
 public:
  virtual ~Directory() = default;
  virtual Task<Result<void>> Subscribe(Target target, ServerSubscribe subscribe) = 0;
  virtual Task<Result<void>> Unsubscribe(Target target, std::string channel) = 0;  // "" all channels
  virtual Task<Result<void>> Disconnect(Target target, session::Disconnect disconnect) = 0;
  virtual Task<Result<void>> Refresh(Target target, ServerRefresh refresh) = 0;
  virtual Task<NodeCounts> Counts() = 0;
  virtual Task<std::uint64_t> CountOfUser(std::string user) = 0;
};

}  // namespace tidemill::session
