// Sender: brings what a queue has to tell to its target: each lane one batch after the other, again and again
// until it has arrived, at growing intervals.
//
// Loop thread only. The queue and the target outlive it.
#pragma once

#include <cstddef>
#include <vector>

#include "base/clock.h"
#include "base/log_limit.h"
#include "events/event_queue.h"
#include "events/metrics.h"
#include "events/target.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"

namespace tidemill::events {

class Sender final : private net::Timer {
 public:
  Sender(net::Loop& loop, EventQueue& queue, Target& target, Metrics& metrics);
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // The queue's: the lane has something.
  void Wake(std::size_t lane);
  // After what may have begun a delay, or made the queue forget.
  void Reschedule();

 private:
  void OnTimer() override;
  Task<void> RunLane(std::size_t lane);
  void Complain(const Error& error);

  net::Loop& loop_;
  EventQueue& queue_;
  Target& target_;
  Metrics& metrics_;
  std::vector<bool> runs_;  // by lane
  log::LogLimit complaints_;
  TaskScope scope_;  // last: its tasks refer to all above
};

}  // namespace tidemill::events
