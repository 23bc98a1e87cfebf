#include "cluster/pending_replies.h"

namespace tidemill::cluster {

void ReplyRouter::OnReply(const NodeId& from, std::uint64_t id, Reply reply) {
  const auto at = pending_.find(id);
  if (at == pending_.end()) return;
  PendingReplies& pending = *at->second;
  if (!pending.missing_.contains(from)) return;
  pending.replies_.emplace_back(from, std::move(reply));
  pending.Drop(from);
}

void ReplyRouter::OnLeft(const NodeId& node) {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, pending] : pending_) ids.push_back(id);
  // One that misses no reply any more ends at once, and may end others.
  for (const std::uint64_t id : ids) {
    if (const auto at = pending_.find(id); at != pending_.end()) at->second->Drop(node);
  }
}

PendingReplies::PendingReplies(ReplyRouter& router, const std::vector<NodeId>& nodes)
    : router_(router), id_(router.NextId()), missing_(nodes.begin(), nodes.end()) {
  router_.pending_.emplace(id_, this);
  router_.waiting_.Add(1);
}

PendingReplies::~PendingReplies() {
  router_.pending_.erase(id_);
  router_.waiting_.Sub(1);
}

Task<void> PendingReplies::Wait(MonotonicTime deadline) {
  if (missing_.empty()) co_return;
  net::Reply<bool> woken(router_.loop_);
  wake_ = woken.sender();
  router_.loop_.timers().Schedule(*this, deadline);
  co_await woken;
  router_.loop_.timers().Cancel(*this);
}

// The awaiter resumes inside, and may destroy this object.
void PendingReplies::Wake() {
  if (const auto wake = std::exchange(wake_, std::nullopt)) wake->Send(true);
}

void PendingReplies::Drop(const NodeId& node) {
  if (missing_.erase(node) > 0 && missing_.empty()) Wake();
}

}  // namespace tidemill::cluster
