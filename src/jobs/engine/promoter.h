// Promoter: brings scheduled jobs and retries into their queues when they are due.
//
// A job runs as soon as it is due; that it moved is written behind. Texts of what is due soon are loaded
// before, and the next page of what is in the store alone when memory runs low. A wall clock that was moved
// is noticed within a second. Loop thread only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "jobs/engine/later.h"
#include "net/task.h"
#include "net/timer_wheel.h"

namespace tidemill::jobs {

struct Core;

class Promoter final : net::Timer {
 public:
  static constexpr Duration kLookAhead = Seconds(2);
  static constexpr Duration kClockStep = Seconds(2);  // less than this is no step
  static constexpr std::size_t kPage = 1000;

  explicit Promoter(Core& core) : core_(core) {}

  // Something that is due at `at` was added; or it is time to look again.
  void Consider(WallTime at);
  void Start();
  void Stop();

 private:
  void OnTimer() override;
  static Task<void> Run(Promoter& self);
  void NoticeClock();
  void Sleep();
  // Each says whether it did something.
  Task<bool> PromoteDue();
  Task<bool> LoadTexts();
  Task<bool> LoadPage();
  Task<void> PromoteWithoutText(std::vector<LaterItem> items);
  void Promote(LaterItem item);

  Core& core_;
  bool is_running_ = false;
  std::int64_t clock_offset_ms_ = 0;  // wall - monotonic
};

}  // namespace tidemill::jobs
