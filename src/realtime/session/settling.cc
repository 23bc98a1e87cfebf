#include "realtime/session/settling.h"

namespace tidemill::session {

Task<void> Settling::Next(const Client& client) {
  net::Reply<bool> woken(loop_);
  waiting_.emplace(&client, woken.sender());
  co_await woken;
}

void Settling::Wake(const Client& client) {
  if (waiting_.empty()) return;
  const auto [begin, end] = waiting_.equal_range(&client);
  for (auto at = begin; at != end; ++at) {
    loop_.Post([sender = at->second] { sender.Send(true); });
  }
  waiting_.erase(begin, end);
}

}  // namespace tidemill::session
