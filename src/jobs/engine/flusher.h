// Flusher: writes what changed in memory to the store, one flush at a time.
//
// While a flush is under way the next one is gathered; it begins when that one is committed, so its size
// follows the load and nothing waits for a timer. Only while each turn of the loop still adds to it does it
// wait for the next turn, and never longer than half a commit takes: what producers send when they have their
// answers then shares one fsync. A flush that failed is tried again after a pause that grows, without its
// pushes and without those that were gathered meanwhile. One that the store refuses for what is in it,
// however often it is tried, is its owner's to give up: nothing behind it would ever be written. Loop thread
// only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/engine/commit_waiter.h"
#include "jobs/engine/gathering.h"
#include "jobs/engine/options.h"
#include "jobs/queue/fifo_list.h"
#include "jobs/store/store.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"
#include "net/turn_shares.h"

namespace tidemill::jobs {

// Whose memory it is that is written.
class FlushOwner {
 public:
  // The last moment to add to what will be committed now.
  virtual void BeforeFlush(Gathering& gathering) = 0;
  // A push is committed: in the order of pushes.
  virtual void OnArrived(PushedJob&& job) = 0;
  // A push was not: what it did to memory is to be undone, what it put into the first of `kept` beside its
  // row, and what BeforeFlush has put into any of them for its sake.
  virtual void OnDropped(const PushedJob& job, KeptGatherings kept) = 0;
  // The store belongs to somebody else now.
  virtual void OnFenced() = 0;
  // The store answers, and has refused the same flush time and again: what it has can never be written.
  // False: it is tried again.
  virtual bool OnRefused(const Error& why) = 0;

 protected:
  ~FlushOwner() = default;
};

class Flusher final : net::TurnEndHook, net::Timer {
 public:
  static constexpr Duration kPauseMin = Milliseconds(20);
  static constexpr Duration kPauseMax = Seconds(2);
  // So often in a row a flush is refused, in some seconds, until it is given up (FlushOwner::OnRefused).
  static constexpr int kRefusalsMax = 10;
  // The longest that a flush waits for what may still come, and how many rows are enough not to wait.
  static constexpr net::Micros kGatherMost = 500;
  static constexpr std::size_t kRowsEnough = 256;

  // `micros` measures commits.
  Flusher(net::Loop& loop, Store& store, FlushOwner& owner, const EngineOptions& options,
          net::MicrosClock micros = MonotonicMicros);
  ~Flusher();
  Flusher(const Flusher&) = delete;
  Flusher& operator=(const Flusher&) = delete;

  // Flushes of this epoch, from `flush` + 1 on.
  void Begin(Lease lease);
  // Forgets all that was gathered, and tells those who wait `why`. What is under way may still be committed.
  // Gives what is forgotten, to be destroyed on any thread.
  [[nodiscard]] std::shared_ptr<void> Reset(const Error& why);
  // Until Reset or GoOn no flush begins.
  void Hold() { is_held_ = true; }
  void GoOn();

  // Whether those who wait are to wait for what is put in now.
  enum class Answers : std::uint8_t { kAfterCommit, kAtOnce };
  // What is to be committed together is put into what one call gives, without a wait between.
  Gathering& Gather(Answers answers = Answers::kAfterCommit);
  // Who waits from now on waits for all that was put in before, answered at once or not.
  void MarkWaited() { (void)Gather(); }
  // The owner has something to add (BeforeFlush).
  void Touch() { loop_.ArmTurnEnd(net::TurnEndRank::kFanOut, *this); }
  // Whether a push is refused: too much waits to be written. The detail names the setting.
  Result<> Room() const;
  // It is told when everything that was put in before, and is answered after its commit, is committed. That
  // is no reason to believe the store: AllWritten.
  void Wait(CommitWaiter& waiter);
  // It is told when the flush that is under way is over, if there is one.
  void WaitForFlight(CommitWaiter& waiter);
  // Whether those who have lost something by a flush that failed are being told.
  bool is_telling_of_failure() const { return refused_ > 0; }
  // Why the last flush failed; empty: it did not.
  const std::string& problem() const { return problem_; }
  std::uint64_t commits() const { return commits_; }
  std::size_t unflushed_rows() const;
  std::size_t unflushed_bytes() const;

 private:
  struct Batch {
    Gathering gathering;
    std::uint64_t tenure = 0;
    bool is_waited_for = false;  // it has something that is answered after the commit
    queue::FifoList<CommitWaiter> waiters;
    Result<> result;
    // Of a flush that failed: its pushes, and who has the rest of it. No flight begins before they are told,
    // and those who wait.
    std::vector<PushedJob> dropped;
    Batch* kept = nullptr;  // null: it did not fail, or was forgotten
  };

  void OnTurnEnd() override;
  void OnTimer() override { Go(); }
  // What was only waited for, with nothing to write, is told as well.
  void Go();
  void TellSoon(CommitWaiter& waiter);
  // At the end of a turn: whether the next one may add to the flush. It then comes without waiting.
  bool WaitsForMore();
  void StartFlight();
  static Task<void> Fly(Flusher& self, std::uint64_t tenure, std::shared_ptr<const Flush> flush);
  void OnFlown(Result<> result);
  void OnFailed(Error error);
  void StartTelling();
  std::vector<Gathering*> KeptOf(const Batch& failed) const;
  static Task<void> Tell(Flusher& self);

  net::Loop& loop_;
  Store& store_;
  FlushOwner& owner_;
  const EngineOptions& options_;
  const net::MicrosClock micros_;
  Lease lease_;
  std::uint64_t tenure_ = 0;
  std::unique_ptr<Batch> flying_;
  std::deque<std::unique_ptr<Batch>> gathered_;  // the last one takes what comes
  std::deque<std::unique_ptr<Batch>> ended_;     // to be told
  Duration pause_ = kPauseMin;
  int refusals_ = 0;  // in a row
  std::string problem_;
  std::uint64_t commits_ = 0;
  // While more is waited for: until when, and the rows of the turn before.
  net::Micros gather_until_ = 0;
  std::size_t rows_before_ = 0;
  net::Micros flown_at_ = 0;
  net::Micros commit_took_ = 0;  // the last one
  std::size_t refused_ = 0;      // batches that failed, and of which somebody is to be told
  bool is_held_ = false;
  bool is_telling_ = false;
  TaskScope scope_;
};

// co_await CommitOf(flusher): what was done so far is committed, or why not.
class [[nodiscard]] CommitOf final : CommitWaiter {
 public:
  explicit CommitOf(Flusher& flusher) : flusher_(flusher) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> awaiter) {
    awaiter_ = awaiter;
    flusher_.Wait(*this);
  }
  Result<> await_resume() { return *std::move(result_); }

 private:
  void OnCommit(const Result<>& result) override {
    result_ = result;
    awaiter_.resume();
  }

  Flusher& flusher_;
  std::coroutine_handle<> awaiter_;
  std::optional<Result<>> result_;
};

// co_await AllWritten(flusher): the same, also of what was answered at once. For whoever reads the store
// next: it then says what memory says.
inline CommitOf AllWritten(Flusher& flusher) {
  flusher.MarkWaited();
  return CommitOf(flusher);
}

}  // namespace tidemill::jobs
