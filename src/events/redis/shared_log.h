// SharedLog: what the nodes of a cluster have to tell, in Redis: a channel is occupied once for all of them,
// and one node at a time tells.
//
// As a target of each node's own queue it records which channels the node has, and the events of its clients;
// what follows for the cluster is appended to a log in the same step. One node claims to tell, reads the log
// and delivers it to the operator's endpoint, and takes out what has arrived: nothing is lost when a node
// ends at any moment. What a node had that is not heard of any more is vacated. A node whom the others took
// for gone, and any node after Redis lost its data, records again what it has.
//
// Loop thread only. All that is borrowed outlives it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log_limit.h"
#include "base/result.h"
#include "events/metrics.h"
#include "events/redis/keys.h"
#include "events/target.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "redis/client.h"

namespace tidemill::events {

struct SharedLogOptions {
  std::string prefix = "tidemill";
  std::string node{};
  std::size_t lanes = 8;
  std::size_t entries_max = 100'000;  // of a lane
  std::size_t batch_max = 1000;
  Duration beat_interval = Seconds(3);
  Duration gone_after = Seconds(15);
  Duration claim = Seconds(10);  // how long after its last sign of life another node may tell
  Duration look_interval = Milliseconds(200);
};

class SharedLog final : public Target {
 public:
  // `forgotten` is called when nothing that this node has recorded is there any more.
  SharedLog(net::Loop& loop, redis::Client& client, Target& endpoint, SharedLogOptions options,
            Metrics& metrics, std::function<void()> forgotten);

  // Begins to show that the node lives, and to tell while it is the one that does.
  void Start();
  // Tells no more once what is under way has ended.
  void Stop() { stops_ = true; }

  Task<Result<void>> Deliver(const Batch& batch) override;
  bool tells() const { return loop_.clock().Now() < tells_until_; }

 private:
  Task<void> Beat();
  Task<Result<void>> BeatOnce();
  Task<Result<void>> ReleaseOf(std::string node);
  Task<void> TellLane(std::size_t lane);
  // Gives how many were told.
  Task<Result<std::size_t>> TellSome(std::size_t lane);
  void Complain(const Error& error);

  net::Loop& loop_;
  redis::Client& client_;
  Target& endpoint_;
  const SharedLogOptions options_;
  const Keys keys_;
  Metrics& metrics_;
  const std::function<void()> forgotten_;
  MonotonicTime tells_until_{};
  bool has_beaten_ = false;
  bool stops_ = false;
  log::LogLimit complaints_;
  TaskScope scope_;  // last: its tasks refer to all above
};

}  // namespace tidemill::events
