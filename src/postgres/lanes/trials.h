// Trials: of a statement that was never answered, alone or among others, one call runs; the others wait,
// until it is known whether they are fast, and may share connections, or slow. Of a family there is one
// trial.
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
    Trial(Trial&& other) noexcept : trials_(std::exchange(other.trials_, nullptr)), key_(other.key_) {}
    Trial& operator=(Trial&& other) noexcept {
      std::swap(trials_, other.trials_);
      std::swap(key_, other.key_);
      return *this;
    }
    ~Trial() {
      if (trials_) trials_->End(key_);
    }

   private:
    friend class Trials;
    Trial(Trials& trials, Slowness::Key key) : trials_(&trials), key_(key) {}

    Trials* trials_ = nullptr;
    Slowness::Key key_;
  };

  bool IsOn(const sql::Statement& statement, Slowness::Company company) const;
  // Not IsOn.
  Trial Begin(const sql::Statement& statement, Slowness::Company company);
  // IsOn. Success: look again how fast it is; if that is still unknown, whoever waited is the next to try.
  // kBusy, kTimeout: as WaitQueue.
  Task<sql::Result<void>> Wait(sql::Statement statement, Slowness::Company company,
                               std::optional<MonotonicTime> deadline);

 private:
  struct Entry {
    sql::Statement statement;  // so that its identity is not used again
    WaitQueue waiting;
    bool is_on = true;
  };

  void End(Slowness::Key key);
  void Wake(Slowness::Key key, std::size_t& left);
  void OnReady(std::uint32_t) override;
  void OnTimer() override;

  net::Loop& loop_;
  const Slowness& slowness_;
  const WaitLimits limits_;
  Metrics& metrics_;
  // Those that are on or waited for.
  std::unordered_map<Slowness::Key, std::unique_ptr<Entry>, Slowness::KeyHash> entries_;
};

}  // namespace tidemill::postgres
