// Settling: how a task waits for what is under way in a session, a connect or a subscribe, which another task
// brings to its end.
//
// Who waits looks again after each Wake. At most one task of each call of the server API and one of each
// session wait. Loop thread only; one per loop.
#pragma once

#include <unordered_map>

#include "net/async.h"
#include "net/loop.h"
#include "net/task.h"

namespace tidemill::session {

struct Client;

class Settling {
 public:
  explicit Settling(net::Loop& loop) : loop_(loop) {}
  Settling(const Settling&) = delete;
  Settling& operator=(const Settling&) = delete;

  // Completes after the next Wake of that client. Its session is pinned meanwhile.
  Task<void> Next(const Client& client);
  // Something came to its end, or the session did. Nobody goes on inside this call.
  void Wake(const Client& client);

 private:
  net::Loop& loop_;
  std::unordered_multimap<const Client*, net::Reply<bool>::Sender> waiting_;
};

}  // namespace tidemill::session
