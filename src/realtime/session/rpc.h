// RpcHandler: answers the rpc command of clients.
//
// What stands before the first ':' of the method's name chooses it (Context::rpc_handlers), "" for a method
// without one; where nobody registered, rpc is not available.
//
// One per loop, loop thread only.
#pragma once

#include <string>

#include "net/task.h"
#include "realtime/session/by_namespace.h"
#include "realtime/session/verdict.h"

namespace tidemill::session {

struct Client;

class RpcHandler {
 public:
  virtual ~RpcHandler() = default;
  // Gives the bytes of the reply: one JSON value for a client that speaks JSON. `data` is the client's own,
  // in the same form. `caller` lives until the task has ended, but may be gone when it completes: then nobody
  // looks at the answer.
  virtual Task<Verdict<std::string>> Call(const Client& caller, std::string method, std::string data) = 0;
};

using RpcHandlers = ByNamespace<RpcHandler>;

}  // namespace tidemill::session
