// Level: a gauge that one holder sets, where others may have a part in the same series. One thread.
#pragma once

#include <cstdint>
#include <utility>

#include "metrics/metrics.h"

namespace tidemill::metrics {

class Level {
 public:
  // It outlives this.
  explicit Level(Gauge& gauge) : gauge_(gauge) {}
  void Set(std::int64_t value) { gauge_.Add(value - std::exchange(shown_, value)); }

 private:
  Gauge& gauge_;
  std::int64_t shown_ = 0;
};

}  // namespace tidemill::metrics
