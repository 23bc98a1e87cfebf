// PendingReplies: the replies to one message that was sent to several nodes.
//
// ReplyRouter knows the pending ones by their id. When a PendingReplies ends, its late replies are dropped.
// Loop 0 only; the router outlives what is pending.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "cluster/messages.h"
#include "cluster/room.h"
#include "metrics/metrics.h"
#include "net/async.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/timer_wheel.h"

namespace tidemill::cluster {

using Reply = std::variant<Ack, SurveyReply>;

class PendingReplies;

class ReplyRouter {
 public:
  static constexpr std::size_t kPendingMax = 10'000;

  ReplyRouter(net::Loop& loop, metrics::Gauge& waiting) : loop_(loop), waiting_(waiting) {}
  ReplyRouter(const ReplyRouter&) = delete;
  ReplyRouter& operator=(const ReplyRouter&) = delete;

  bool full(Room room = Room::kWhole) const { return pending_.size() >= Within(kPendingMax, room); }
  std::uint64_t NextId() { return ++last_id_; }
  void OnReply(const NodeId& from, std::uint64_t id, Reply reply);
  // The node's sessions have ended: no reply of it is missing any more.
  void OnLeft(const NodeId& node);

 private:
  friend class PendingReplies;

  net::Loop& loop_;
  metrics::Gauge& waiting_;
  std::map<std::uint64_t, PendingReplies*> pending_;
  std::uint64_t last_id_ = 0;
};

class PendingReplies final : private net::Timer {
 public:
  PendingReplies(ReplyRouter& router, const std::vector<NodeId>& nodes);
  ~PendingReplies() override;

  std::uint64_t id() const { return id_; }
  // Completes when no reply is missing any more, or at the deadline.
  Task<void> Wait(MonotonicTime deadline);
  const std::set<NodeId>& missing() const { return missing_; }
  std::vector<std::pair<NodeId, Reply>> TakeReplies() { return std::exchange(replies_, {}); }

 private:
  friend class ReplyRouter;
  void OnTimer() override { Wake(); }
  void Wake();
  void Drop(const NodeId& node);

  ReplyRouter& router_;
  const std::uint64_t id_;
  std::set<NodeId> missing_;
  std::vector<std::pair<NodeId, Reply>> replies_;
  std::optional<net::Reply<bool>::Sender> wake_;
};

}  // namespace tidemill::cluster
