// Condition: what keeps the embedded database from doing its work, for /ready and for who writes.
//
// Any thread. Damage stays until the next start; a failure of the disk until a commit succeeds.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "sql/failure.h"

namespace tidemill::sqlite {

struct Problem {
  MonotonicTime since{};
  sql::FailureKind kind = sql::FailureKind::kInternal;  // kCorrupt, kFull, kUnavailable, kReadOnly
  std::string message;
  friend bool operator==(const Problem&, const Problem&) = default;
};

class Condition {
 public:
  void NoteDamage(const std::string& message);
  void NoteFailedCommit(const sql::Failure& failure);
  void NoteCommit();

  std::optional<Problem> problem() const;
  bool is_damaged() const { return damaged_.load(std::memory_order_relaxed); }
  bool is_failing() const { return failing_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> damaged_{false};
  std::atomic<bool> failing_{false};
  mutable std::mutex mutex_;
  std::optional<Problem> problem_;
};

}  // namespace tidemill::sqlite
