// Trials: of a statement that was never answered one call runs; the others wait, until it is known whether
// they are fast, and may share connections, or slow.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "net/loop.h"
#include "net/task.h"
#include "net/timer_wheel.h"
#include "postgres/lanes/wait_queue.h"
#include "postgres/statements/slowness.h"
#include "sql/statement.h"

namespace tidemill::postgres {

class Trials final : private net::Pollable, private net::Timer {
 public:
  // `limits`: for the callers of each statement. `slowness` and `metrics` must outlive it.
  Trials(net::Loop& loop, const Slowness& slowness, WaitLimits limits, Metrics& metrics);
  Trials(const Trials&) = delete;
  Trials& operator=(const Trials&) = delete;
  ~Trials();

  // Who has it runs the statement for all others, and lets it go at the end. Must not outlive the trials.
  class Trial {
   public:
    Trial() = default;
    Trial(Trial&& other) noexcept
        : trials_(std::exchange(other.trials_, nullptr)), statement_(other.statement_) {}
    Trial& operator=(Trial&& other) noexcept {
      std::swap(trials_, other.trials_);
      std::swap(statement_, other.statement_);
      return *this;
    }
    ~Trial() {
      if (trials_) trials_->End(statement_);
    }

   private:
    friend class Trials;
    Trial(Trials& trials, const void* statement) : trials_(&trials), statement_(statement) {}

    Trials* trials_ = nullptr;
    const void* statement_ = nullptr;
  };

  bool IsOn(const sql::Statement& statement) const;
  // Not IsOn.
  Trial Begin(const sql::Statement& statement);
  // IsOn. Success: look again how fast it is; if that is still unknown, whoever waited is the next to try.
  // kBusy, kTimeout: as WaitQueue.
  Task<sql::Result<void>> Wait(sql::Statement statement, std::optional<MonotonicTime> deadline);

 private:
  struct Entry {
    sql::Statement statement;  // so that its identity is not used again
    WaitQueue waiting;
    bool is_on = true;
  };

  void End(const void* statement);
  void Wake(const void* statement, std::size_t& left);
  void OnReady(std::uint32_t) override;
  void OnTimer() override;

  net::Loop& loop_;
  const Slowness& slowness_;
  const WaitLimits limits_;
  Metrics& metrics_;
  std::unordered_map<const void*, std::unique_ptr<Entry>> entries_;  // those that are on or waited for
};

}  // namespace tidemill::postgres
