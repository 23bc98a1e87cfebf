#include "postgres/lanes/wait_queue.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/assert.h"

namespace tidemill::postgres {

WaitQueue::~WaitQueue() {
  while (!waits_.empty()) waits_.front()->Leave();
}

std::string WaitQueue::WhyFull(const void* statement) const {
  if (size() >= limits_.waiting_max) return std::to_string(size()) + " callers wait for " + limits_.awaited;
  const auto found = of_statement_.find(statement);
  const std::size_t same = found == of_statement_.end() ? 0 : found->second;
  if (same < limits_.same_max()) return {};
  return std::to_string(same) + " callers of this statement wait for " + limits_.awaited;
}

WaitQueue::Wait::Wait(WaitQueue& queue, Patience patience) : queue_(&queue), statement_(patience.statement) {
  if (std::string why = queue.WhyFull(statement_); !why.empty()) {
    queue_ = nullptr;
    result_ = sql::Fail(sql::FailureKind::kBusy, std::move(why));
    return;
  }
  if (statement_ != nullptr) ++queue.of_statement_[statement_];
  begun_us_ = MonotonicMicros();
  place_ = queue.waits_.insert(queue.waits_.end(), this);
  queue.metrics_.waiting.Add(1);
  const Duration own = queue.limits_.wait_max;
  MonotonicTime late = queue.loop_.clock().Now() + std::min(patience.wait_max.value_or(own), own);
  until_deadline_ = patience.deadline && *patience.deadline <= late;
  if (until_deadline_) late = *patience.deadline;
  queue.loop_.timers().Schedule(*this, late);
}

void WaitQueue::Wait::Leave() {
  if (!queue_) return;
  WaitQueue& queue = *std::exchange(queue_, nullptr);
  queue.waits_.erase(place_);
  if (const auto found = queue.of_statement_.find(statement_); found != queue.of_statement_.end()) {
    if (--found->second == 0) queue.of_statement_.erase(found);
  }
  queue.metrics_.waiting.Sub(1);
  queue.metrics_.wait_seconds.Observe(static_cast<double>(MonotonicMicros() - begun_us_) / 1e6);
  queue.loop_.timers().Cancel(*this);
}

void WaitQueue::Wait::Finish(sql::Result<void> result) {
  Leave();
  result_ = std::move(result);
  if (awaiter_) std::exchange(awaiter_, nullptr).resume();
}

void WaitQueue::Wait::OnTimer() {
  const std::string awaited = queue_->limits_.awaited;
  const auto kind = until_deadline_ ? sql::FailureKind::kTimeout : sql::FailureKind::kBusy;
  Finish(sql::Fail(kind, "waited too long for " + awaited));
}

void WaitQueue::WakeFirst() {
  TM_ASSERT(!waits_.empty());
  waits_.front()->Finish({});
}

void WaitQueue::FailAll(const sql::Failure& failure) {
  for (std::size_t left = size(); left > 0 && !empty(); --left) {
    waits_.front()->Finish(std::unexpected(failure));
  }
}

}  // namespace tidemill::postgres
