// Poll: one message to several nodes, and their replies.
//
// Polls knows those under way by id. A Poll that ends is forgotten: late replies are dropped.
// Loop 0 only; Polls outlives its Polls.
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
#include "metrics/metrics.h"
#include "net/async.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/timer_wheel.h"

namespace tidemill::cluster {

using Reply = std::variant<Ack, Answer>;

class Poll;

class Polls {
 public:
  static constexpr std::size_t kPollsMax = 10'000;

  Polls(net::Loop& loop, metrics::Gauge& waiting) : loop_(loop), waiting_(waiting) {}
  Polls(const Polls&) = delete;
  Polls& operator=(const Polls&) = delete;

  bool full() const { return polls_.size() >= kPollsMax; }
  std::uint64_t NextId() { return ++last_id_; }
  void OnReply(const NodeId& from, std::uint64_t id, Reply reply);
  // The node has no sessions any more, so nobody waits for it.
  void OnLeft(const NodeId& node);

 private:
  friend class Poll;

  net::Loop& loop_;
  metrics::Gauge& waiting_;
  std::map<std::uint64_t, Poll*> polls_;
  std::uint64_t last_id_ = 0;
};

class Poll final : private net::Timer {
 public:
  Poll(Polls& polls, const std::vector<NodeId>& asked);
  ~Poll() override;

  std::uint64_t id() const { return id_; }
  // Completes when no reply is missing any more, or at the deadline.
  Task<void> Wait(MonotonicTime deadline);
  const std::set<NodeId>& missing() const { return missing_; }
  std::vector<std::pair<NodeId, Reply>> TakeReplies() { return std::exchange(replies_, {}); }

 private:
  friend class Polls;
  void OnTimer() override { Wake(); }
  void Wake();
  void Drop(const NodeId& node);

  Polls& polls_;
  const std::uint64_t id_;
  std::set<NodeId> missing_;
  std::vector<std::pair<NodeId, Reply>> replies_;
  std::optional<net::Reply<bool>::Sender> wake_;
};

}  // namespace tidemill::cluster
