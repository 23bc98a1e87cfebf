// Inbox: brings in what was enqueued by SQL: each job is pushed in the flush that takes it out of there.
//
// One that is no job goes to the dead with the reason; one that is not unique is left out. Loop thread only.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

#include "base/clock.h"
#include "jobs/engine/gathering.h"
#include "jobs/store/store.h"
#include "net/task.h"
#include "net/timer_wheel.h"

namespace tidemill::jobs {

struct Core;

class Inbox final : net::Timer {
 public:
  static constexpr Duration kBusyPause = Milliseconds(20);

  explicit Inbox(Core& core) : core_(core) {}

  void Start();
  void Stop();
  // Somebody says that there is something.
  void LookNow();

 private:
  void OnTimer() override;
  static Task<void> Look(Inbox& self);
  void Take(InboxJob job);

  Core& core_;
  bool is_looking_ = false;
  bool look_again_ = false;
  std::unordered_set<std::int64_t> taken_;  // and not seen to be gone from the store
};

}  // namespace tidemill::jobs
