// Upkeep: what is done now and then: claims of jobs that take longer, statistics, what is over in the store
// and in memory. Nothing wakes while there is nothing to do but once a minute. Loop thread only.
#pragma once

#include "base/clock.h"
#include "net/task.h"
#include "net/timer_wheel.h"

namespace tidemill::jobs {

struct Core;

class Upkeep {
 public:
  static constexpr Duration kSweepInterval = Minutes(1);

  explicit Upkeep(Core& core) : claims_(core), stats_(core), sweep_(core) {}

  void Start();
  void Stop();
  // A job was reserved.
  void ClaimSoon();
  // Something was counted.
  void WriteStatsSoon();

 private:
  struct Claims final : net::Timer {
    explicit Claims(Core& of) : core(of) {}
    void OnTimer() override;
    Core& core;
  };
  struct Statistics final : net::Timer {
    explicit Statistics(Core& of) : core(of) {}
    void OnTimer() override;
    Core& core;
  };
  struct Sweep final : net::Timer {
    explicit Sweep(Core& of) : core(of) {}
    void OnTimer() override;
    Core& core;
  };

  Claims claims_;
  Statistics stats_;
  Sweep sweep_;
};

}  // namespace tidemill::jobs
