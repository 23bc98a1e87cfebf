// Stop: when a statement that runs has to end early.
#pragma once

#include <atomic>
#include <optional>

#include "base/clock.h"

namespace tidemill::sqlite {

struct Stop {
  std::optional<MonotonicTime> deadline;
  const std::atomic<bool>* cancelled = nullptr;  // null: nobody cancels it

  bool IsCancelled() const { return cancelled != nullptr && cancelled->load(std::memory_order_relaxed); }
  bool IsLate() const { return deadline && SystemClock().Now() >= *deadline; }
};

}  // namespace tidemill::sqlite
