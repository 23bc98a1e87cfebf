// Inbox: brings in what was enqueued by SQL: each job is pushed in the flush that takes it out of there.
//
// One that is no job goes to the dead with the reason; one that is not unique is left out.
//
// While jobs come in it looks every 5 ms. When none has come for a second it asks the store to ring for the
// next one (Store::RingForInbox), if somebody hears that, and looks now and then all the same: what is being
// committed when the ringing begins may be missed. Loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "jobs/engine/gathering.h"
#include "jobs/store/store.h"
#include "net/task.h"
#include "net/timer_wheel.h"

namespace tidemill::jobs {

struct Core;

class Inbox final : net::Timer {
 public:
  static constexpr Duration kBusyPause = Milliseconds(5);
  static constexpr Duration kBusyFor = Seconds(1);  // after the last job

  explicit Inbox(Core& core) : core_(core) {}

  void Start();
  void Stop();
  // Somebody says that there is something.
  void LookNow();
  // Whether LookNow is called when the store rings.
  void Hear(bool hears);

 private:
  void OnTimer() override;
  static Task<void> Look(Inbox& self);
  // Takes what there is; how many are new.
  static Task<std::size_t> TakeAll(Inbox& self, std::vector<InboxJob> jobs);
  void Take(InboxJob job);
  bool IsBusy() const;
  // Turns the ringing on or off, as it should be now. What is enqueued behind that is heard.
  static Task<void> SetRinging(Inbox& self);

  Core& core_;
  bool is_looking_ = false;
  bool look_again_ = false;
  bool is_told_ = false;  // that there may be something, since the last look
  bool hears_ = false;
  std::optional<bool> rings_;  // as the store was told; nullopt: nothing, in this tenure
  MonotonicTime busy_until_;
  std::unordered_set<std::int64_t> taken_;  // and not seen to be gone from the store
};

}  // namespace tidemill::jobs
