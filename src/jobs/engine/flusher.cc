#include "jobs/engine/flusher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

// Not that it is away or full: what is in the flush is at fault (Store::Commit).
bool IsRefusal(const Error& error) {
  return error.code == Errc::kInvalidArgument || error.code == Errc::kInternal;
}

}  // namespace

Flusher::Flusher(net::Loop& loop, Store& store, FlushOwner& owner, const EngineOptions& options,
                 net::MicrosClock micros)
    : loop_(loop), store_(store), owner_(owner), options_(options), micros_(micros) {
  gathered_.push_back(std::make_unique<Batch>());
}

Flusher::~Flusher() { loop_.DisarmTurnEnd(*this); }

void Flusher::Begin(Lease lease) {
  lease_ = lease;
  ++tenure_;
}

std::shared_ptr<void> Flusher::Reset(const Error& why) {
  ++tenure_;  // whatever becomes of what is under way, it is nobody's any more
  std::deque<std::unique_ptr<Batch>> all;
  if (flying_ != nullptr) all.push_back(std::move(flying_));
  for (auto& batch : gathered_) all.push_back(std::move(batch));
  gathered_.clear();
  gathered_.push_back(std::make_unique<Batch>());
  auto forgotten = std::make_shared<std::vector<Gathering>>();
  for (auto& batch : all) {
    forgotten->push_back(std::exchange(batch->gathering, {}));
    batch->result = std::unexpected(why);
    ended_.push_back(std::move(batch));
  }
  loop_.timers().Cancel(*this);
  pause_ = kPauseMin;
  refusals_ = 0;
  problem_.clear();
  is_held_ = false;
  refused_ = 0;
  loop_.ArmNextTurnEnd(net::TurnEndRank::kFanOut, *this);
  return forgotten;
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
  TellSoon(waiter);
}

void Flusher::WaitForFlight(CommitWaiter& waiter) {
  waiter.Unlink();
  if (flying_ != nullptr) return flying_->waiters.PushBack(waiter);
  TellSoon(waiter);
}

// Behind those that are being told: what they wait for came before.
void Flusher::TellSoon(CommitWaiter& waiter) {
  if (ended_.empty() || !ended_.back()->result) ended_.push_back(std::make_unique<Batch>());
  ended_.back()->waiters.PushBack(waiter);
  loop_.ArmNextTurnEnd(net::TurnEndRank::kFanOut, *this);
}

void Flusher::OnTurnEnd() {
  if (!WaitsForMore()) return Go();
  loop_.ArmNextTurnEnd(net::TurnEndRank::kFanOut, *this);
  StartTelling();
}

void Flusher::Go() {
  StartFlight();
  StartTelling();
}

void Flusher::GoOn() {
  is_held_ = false;
  loop_.ArmTurnEnd(net::TurnEndRank::kFanOut, *this);
}

bool Flusher::WaitsForMore() {
  if (flying_ != nullptr || is_held_ || scheduled() || gathered_.size() > 1) return false;
  const std::size_t rows = gathered_.front()->gathering.rows();
  const bool has_grown = rows > std::exchange(rows_before_, rows);
  if (!has_grown || rows >= kRowsEnough) return false;
  const net::Micros now = micros_();
  if (gather_until_ == 0) gather_until_ = now + std::min(commit_took_ / 2, kGatherMost);
  return now < gather_until_;
}

void Flusher::StartFlight() {
  if (flying_ != nullptr || is_held_ || refused_ > 0 || scheduled()) return;
  gather_until_ = 0;
  rows_before_ = 0;
  while (gathered_.size() > 1 && gathered_.front()->gathering.empty() && gathered_.front()->waiters.empty()) {
    gathered_.pop_front();
  }
  if (gathered_.size() == 1) owner_.BeforeFlush(gathered_.front()->gathering);
  auto batch = std::move(gathered_.front());
  gathered_.pop_front();
  const bool has_more = !gathered_.empty();
  if (!has_more) gathered_.push_back(std::make_unique<Batch>());
  if (batch->gathering.empty()) {
    if (has_more) loop_.ArmNextTurnEnd(net::TurnEndRank::kFanOut, *this);
    batch->tenure = tenure_;
    if (!batch->waiters.empty()) ended_.push_back(std::move(batch));
    return;
  }
  flying_ = std::move(batch);
  flying_->tenure = tenure_;
  flown_at_ = micros_();
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
  commit_took_ = micros_() - flown_at_;
  pause_ = kPauseMin;
  refusals_ = 0;
  problem_.clear();
  ended_.push_back(std::move(flying_));
  StartTelling();
  loop_.ArmTurnEnd(net::TurnEndRank::kFanOut, *this);
}

void Flusher::OnFailed(Error error) {
  if (error.code == Errc::kPermissionDenied) return owner_.OnFenced();
  if (problem_.empty()) log::Error("jobs.flush_failed", {{"error", error.detail}});
  problem_ = error.detail.empty() ? std::string(Name(error.code)) : error.detail;
  if (IsRefusal(error) && ++refusals_ >= kRefusalsMax && owner_.OnRefused(error)) return;

  std::vector<std::unique_ptr<Batch>> all;
  all.push_back(std::move(flying_));
  for (auto& batch : gathered_) all.push_back(std::move(batch));
  gathered_.clear();
  for (auto& batch : all) {
    batch->dropped = batch->gathering.Reopen();
    batch->tenure = tenure_;
    batch->result = std::unexpected(error);
    auto kept = std::make_unique<Batch>();
    kept->is_waited_for = batch->is_waited_for;
    kept->gathering = std::exchange(batch->gathering, {});
    batch->kept = kept.get();
    ++refused_;
    gathered_.push_back(std::move(kept));
    ended_.push_back(std::move(batch));
  }
  loop_.timers().Schedule(*this, loop_.clock().Now() + pause_);
  pause_ = std::min(Milliseconds(pause_.ms * 2), kPauseMax);
  StartTelling();
}

void Flusher::StartTelling() {
  if (is_telling_ || ended_.empty()) return;
  is_telling_ = true;
  scope_.Spawn(Tell(*this));
}

// What is gathered may have been closed since, and then speaks of what is still to be told.
std::vector<Gathering*> Flusher::KeptOf(const Batch& failed) const {
  std::vector<Gathering*> kept;
  for (const auto& batch : gathered_) {
    if (batch.get() == failed.kept || !kept.empty()) kept.push_back(&batch->gathering);
  }
  return kept;
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
    for (const PushedJob& job : batch->dropped) {
      if (batch->tenure == self.tenure_) self.owner_.OnDropped(job, self.KeptOf(*batch));
      if (self.loop_.ShareSpent()) co_await net::NextTurn(self.loop_);
    }
    const auto is_kept = [&] { return batch->kept != nullptr && batch->tenure == self.tenure_; };
    while (CommitWaiter* const waiter = batch->waiters.front()) {
      waiter->Unlink();
      if (is_kept()) waiter->OnRefused(self.KeptOf(*batch));
      waiter->OnCommit(batch->result);
      if (self.loop_.ShareSpent()) co_await net::NextTurn(self.loop_);
    }
    if (is_kept() && --self.refused_ == 0) self.loop_.ArmTurnEnd(net::TurnEndRank::kFanOut, self);
  }
  self.is_telling_ = false;
}

}  // namespace tidemill::jobs
