#include "jobs/engine/flusher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "net/next_turn.h"

namespace tidemill::jobs {

Flusher::Flusher(net::Loop& loop, Store& store, FlushOwner& owner, const EngineOptions& options)
    : loop_(loop), store_(store), owner_(owner), options_(options) {
  gathered_.push_back(std::make_unique<Batch>());
}

Flusher::~Flusher() { loop_.DisarmTurnEnd(*this); }

void Flusher::Begin(Lease lease) {
  lease_ = lease;
  ++tenure_;
}

void Flusher::Reset(const Error& why) {
  ++tenure_;  // whatever becomes of what is under way, it is nobody's any more
  std::deque<std::unique_ptr<Batch>> all;
  if (flying_ != nullptr) all.push_back(std::move(flying_));
  for (auto& batch : gathered_) all.push_back(std::move(batch));
  gathered_.clear();
  gathered_.push_back(std::make_unique<Batch>());
  for (auto& batch : all) {
    batch->gathering = {};
    batch->result = std::unexpected(why);
    ended_.push_back(std::move(batch));
  }
  loop_.timers().Cancel(*this);
  pause_ = kPauseMin;
  problem_.clear();
  is_held_ = false;
  loop_.ArmNextTurnEnd(net::TurnEndRank::kFanOut, *this);
}

Gathering& Flusher::Gather(Answers answers) {
  Gathering& last = gathered_.back()->gathering;
  if (last.rows() >= options_.flush_rows_max || last.bytes() >= options_.flush_bytes_max) {
    owner_.BeforeFlush(last);  // what it adds belongs to what has been gathered
    gathered_.push_back(std::make_unique<Batch>());
  }
  loop_.ArmTurnEnd(net::TurnEndRank::kFanOut, *this);
  gathered_.back()->is_waited_for |= answers == Answers::kAfterCommit;
  return gathered_.back()->gathering;
}

std::size_t Flusher::unflushed_rows() const {
  std::size_t rows = flying_ == nullptr ? 0 : flying_->gathering.rows();
  for (const auto& batch : gathered_) rows += batch->gathering.rows();
  return rows;
}

std::size_t Flusher::unflushed_bytes() const {
  std::size_t bytes = flying_ == nullptr ? 0 : flying_->gathering.bytes();
  for (const auto& batch : gathered_) bytes += batch->gathering.bytes();
  return bytes;
}

Result<> Flusher::Room() const {
  if (unflushed_rows() >= options_.unflushed_rows_max) {
    return Fail(Errc::kLimitExceeded, fmt::format("the store is slower than what comes in: {} changes wait "
                                                  "(jobs.unflushed_rows_max); push again later",
                                                  options_.unflushed_rows_max));
  }
  if (unflushed_bytes() >= options_.unflushed_bytes_max) {
    return Fail(Errc::kLimitExceeded, fmt::format("the store is slower than what comes in: {} bytes wait "
                                                  "(jobs.unflushed_bytes_max); push again later",
                                                  options_.unflushed_bytes_max));
  }
  return {};
}

void Flusher::Wait(CommitWaiter& waiter) {
  waiter.Unlink();
  for (auto batch = gathered_.rbegin(); batch != gathered_.rend(); ++batch) {
    if ((*batch)->is_waited_for) return (*batch)->waiters.PushBack(waiter);
  }
  if (flying_ != nullptr && flying_->is_waited_for) return flying_->waiters.PushBack(waiter);
  // Behind those that are being told: what they wait for came before.
  if (ended_.empty() || !ended_.back()->result) ended_.push_back(std::make_unique<Batch>());
  ended_.back()->waiters.PushBack(waiter);
  loop_.ArmNextTurnEnd(net::TurnEndRank::kFanOut, *this);
}

// What was only waited for, with nothing to write, is told as well.
void Flusher::OnTurnEnd() {
  StartFlight();
  StartTelling();
}

void Flusher::StartFlight() {
  if (flying_ != nullptr || is_held_ || scheduled()) return;
  if (gathered_.size() == 1) owner_.BeforeFlush(gathered_.front()->gathering);
  auto batch = std::move(gathered_.front());
  gathered_.pop_front();
  if (gathered_.empty()) gathered_.push_back(std::make_unique<Batch>());
  if (batch->gathering.empty()) {
    batch->tenure = tenure_;
    if (!batch->waiters.empty()) ended_.push_back(std::move(batch));
    return;
  }
  flying_ = std::move(batch);
  flying_->tenure = tenure_;
  scope_.Spawn(Fly(*this, tenure_, flying_->gathering.Seal(lease_.epoch, lease_.flush + 1)));
}

Task<void> Flusher::Fly(Flusher& self, std::uint64_t tenure, std::shared_ptr<const Flush> flush) {
  Result<> result = co_await self.store_.Commit(std::move(flush));
  if (tenure == self.tenure_) self.OnFlown(std::move(result));
}

void Flusher::OnFlown(Result<> result) {
  if (!result) return OnFailed(std::move(result).error());
  ++lease_.flush;
  ++commits_;
  pause_ = kPauseMin;
  problem_.clear();
  ended_.push_back(std::move(flying_));
  StartFlight();
  StartTelling();
}

void Flusher::OnFailed(Error error) {
  if (error.code == Errc::kPermissionDenied) return owner_.OnFenced();
  if (problem_.empty()) log::Error("jobs.flush_failed", {{"error", error.detail}});
  problem_ = error.detail.empty() ? std::string(Name(error.code)) : error.detail;

  std::vector<std::unique_ptr<Batch>> all;
  all.push_back(std::move(flying_));
  for (auto& batch : gathered_) all.push_back(std::move(batch));
  gathered_.clear();
  gathered_.push_back(std::make_unique<Batch>());
  std::vector<PushedJob> dropped;
  for (auto& batch : all) {
    std::ranges::move(batch->gathering.Reopen(), std::back_inserter(dropped));
    gathered_.back()->is_waited_for |= batch->is_waited_for;
    if (batch == all.front()) {
      gathered_.back()->gathering = std::move(batch->gathering);
    } else {
      gathered_.back()->gathering.Append(std::move(batch->gathering));
    }
    batch->gathering = {};
    batch->result = std::unexpected(error);
    ended_.push_back(std::move(batch));
  }
  for (const PushedJob& job : dropped) owner_.OnDropped(job);
  loop_.timers().Schedule(*this, loop_.clock().Now() + pause_);
  pause_ = std::min(Milliseconds(pause_.ms * 2), kPauseMax);
  StartTelling();
}

void Flusher::StartTelling() {
  if (is_telling_ || ended_.empty()) return;
  is_telling_ = true;
  scope_.Spawn(Tell(*this));
}

// In the order of flushes: a push is with its queue before its producer knows.
Task<void> Flusher::Tell(Flusher& self) {
  while (!self.ended_.empty()) {
    auto batch = std::move(self.ended_.front());
    self.ended_.pop_front();
    for (PushedJob& job : batch->result ? batch->gathering.TakePushed() : std::vector<PushedJob>()) {
      if (batch->tenure == self.tenure_) self.owner_.OnArrived(std::move(job));
      if (self.loop_.ShareSpent()) co_await net::NextTurn(self.loop_);
    }
    while (CommitWaiter* const waiter = batch->waiters.front()) {
      waiter->Unlink();
      waiter->OnCommit(batch->result);
      if (self.loop_.ShareSpent()) co_await net::NextTurn(self.loop_);
    }
  }
  self.is_telling_ = false;
}

}  // namespace tidemill::jobs
