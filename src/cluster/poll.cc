#include "cluster/poll.h"

namespace tidemill::cluster {

void Polls::OnReply(const NodeId& from, std::uint64_t id, Reply reply) {
  const auto at = polls_.find(id);
  if (at == polls_.end()) return;
  Poll& poll = *at->second;
  if (!poll.missing_.contains(from)) return;
  poll.replies_.emplace_back(from, std::move(reply));
  poll.Drop(from);
}

void Polls::OnLeft(const NodeId& node) {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, poll] : polls_) ids.push_back(id);
  // One that has all it waited for ends at once, and perhaps others with it.
  for (const std::uint64_t id : ids) {
    if (const auto at = polls_.find(id); at != polls_.end()) at->second->Drop(node);
  }
}

Poll::Poll(Polls& polls, const std::vector<NodeId>& asked)
    : polls_(polls), id_(polls.NextId()), missing_(asked.begin(), asked.end()) {
  polls_.polls_.emplace(id_, this);
  polls_.waiting_.Add(1);
}

Poll::~Poll() {
  polls_.polls_.erase(id_);
  polls_.waiting_.Sub(1);
}

Task<void> Poll::Wait(MonotonicTime deadline) {
  if (missing_.empty()) co_return;
  net::Reply<bool> woken(polls_.loop_);
  wake_ = woken.sender();
  polls_.loop_.timers().Schedule(*this, deadline);
  co_await woken;
  polls_.loop_.timers().Cancel(*this);
}

// What waits goes on inside, and may end this poll.
void Poll::Wake() {
  if (const auto wake = std::exchange(wake_, std::nullopt)) wake->Send(true);
}

void Poll::Drop(const NodeId& node) {
  if (missing_.erase(node) > 0 && missing_.empty()) Wake();
}

}  // namespace tidemill::cluster
